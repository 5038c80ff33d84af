"""What the admin lists and searches among millions of tags. Built beside what goes on."""

from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("annotations", "0009_index_waiting_tags")]
    operations = [
        AddIndexConcurrently(
            "annotation",
            models.Index(
                name="annotation_hidden",
                fields=["created_at"],
                condition=models.Q(hidden_at__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "annotation",
            GinIndex(
                SearchVector("note", config="simple"),
                name="annotation_note_words",
                condition=~models.Q(note=""),
            ),
        ),
        AddIndexConcurrently("change", BrinIndex(name="change_by_time", fields=["at"])),
    ]
