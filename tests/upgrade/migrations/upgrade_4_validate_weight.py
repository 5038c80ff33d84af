from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("annotations", "upgrade_3_limit_weight")]

    operations = [ValidateConstraint("annotation", "annotation_weight_is_positive")]
