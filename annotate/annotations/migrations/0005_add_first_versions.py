"""Version 1 of the guideline of each label that there is."""

from django.db import migrations


def add(apps, schema_editor):
    label = apps.get_model("annotations", "Label")
    version = apps.get_model("annotations", "Guideline")
    version.objects.bulk_create(
        version(label=one, version=1, text=one.guideline) for one in label.objects.all()
    )


class Migration(migrations.Migration):
    dependencies = [("annotations", "0004_give_guidelines_versions")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
