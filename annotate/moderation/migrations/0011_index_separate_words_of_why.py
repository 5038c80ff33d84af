"""Words of the audit log's reasons are looked up beside any quotation mark. Built beside what goes on."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models


def words(field):
    return models.Func(field, function="spaced_words", output_field=models.TextField())


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("moderation", "0010_audit_second_factors"),
        ("articles", "0007_separate_words"),
    ]
    operations = [
        AddIndexConcurrently(
            "auditentry",
            GinIndex(
                SearchVector(words("why"), config="simple"),
                name="audit_words_of_why",
                condition=~models.Q(why=""),
            ),
        ),
        RemoveIndexConcurrently("auditentry", "audit_why_words"),
    ]
