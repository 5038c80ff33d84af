"""To whom a part was handed on is told by the line after it, without a name in a text."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("reviews", "Move").objects.filter(kind="handed_on").update(note="")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_create_rounds")]
    operations = [migrations.RunPython(forget, migrations.RunPython.noop, elidable=True)]
