"""The audit log is searched by words of its reasons. Built beside what goes on."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0007_index_times_of_flags")]
    operations = [
        AddIndexConcurrently(
            "auditentry",
            GinIndex(
                SearchVector("why", config="simple"),
                name="audit_why_words",
                condition=~models.Q(why=""),
            ),
        ),
    ]
