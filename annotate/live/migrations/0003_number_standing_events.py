"""Events that stand keep the number by which open pages know them: all later ones are greater."""

from django.db import migrations
from django.db.models import F


def number(apps, schema_editor) -> None:
    apps.get_model('live', 'Event').objects.update(number=F('id'))


class Migration(migrations.Migration):

    dependencies = [
        ('live', '0002_add_event_numbers'),
    ]

    operations = [migrations.RunPython(number, migrations.RunPython.noop)]
