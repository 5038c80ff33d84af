from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "upgrade_2_index_source")]

    operations = [
        AddConstraintNotValid(
            "annotation",
            models.CheckConstraint(
                condition=models.Q(weight__gt=0), name="annotation_weight_is_positive"
            ),
        ),
    ]
