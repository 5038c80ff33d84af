"""The admin lists the newest flags first. Built beside what goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0006_index_decided_cases")]
    operations = [
        AddIndexConcurrently("flag", models.Index(name="flag_by_time", fields=["created_at"])),
    ]
