from django.db import migrations, models

from tests.upgrade.migrations import LATEST


class Migration(migrations.Migration):
    dependencies = [("annotations", LATEST)]

    operations = [
        migrations.AddField(
            "annotation", "source", models.CharField(max_length=20, null=True)
        ),
        migrations.AddField(
            "annotation", "weight", models.SmallIntegerField(db_default=1)
        ),
    ]
