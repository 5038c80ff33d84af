from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("annotations", "upgrade_1_add_source")]

    operations = [
        AddIndexConcurrently(
            "annotation", models.Index(fields=["source"], name="annotation_source")
        ),
    ]
