"""Removed second factors have lines in the audit log. Nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0009_index_for_the_overview'),
    ]

    operations = [
        migrations.AlterField(
            model_name='auditentry',
            name='kind',
            field=models.CharField(choices=[('decided', 'Decision'), ('taken_back', 'Decision taken back'), ('appealed', 'Appeal'), ('role', 'Role'), ('active', 'Account opened or shut'), ('factor', 'Second factor removed'), ('suspension', 'Suspension'), ('sessions', 'Sessions ended'), ('erasure', 'Request to erase'), ('erased', 'Account erased'), ('imported', 'Story put in'), ('status', 'Status of a story'), ('round', 'Review round'), ('premoderation', 'Pre-moderation'), ('reverted', 'Revert')], max_length=15),
        ),
    ]
