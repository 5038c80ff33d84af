"""The overview counts the waiting tags of others. Built beside what goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("annotations", "0011_drop_unread_indexes")]
    operations = [
        AddIndexConcurrently(
            "annotation",
            models.Index(
                name="annotation_waiting",
                fields=["id"],
                include=["reviewer"],
                condition=models.Q(pending=True, withdrawn_at=None),
            ),
        ),
        RemoveIndexConcurrently("annotation", "annotation_waits"),
    ]
