"""Words of notes are looked up beside any quotation mark. Built beside what goes on."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models


def words(field):
    return models.Func(field, function="spaced_words", output_field=models.TextField())


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("annotations", "0012_index_waiting_tags_with_reviewer"),
        ("articles", "0007_separate_words"),
    ]
    operations = [
        AddIndexConcurrently(
            "annotation",
            GinIndex(
                SearchVector(words("note"), config="simple"),
                name="annotation_words_of_note",
                condition=~models.Q(note=""),
            ),
        ),
        RemoveIndexConcurrently("annotation", "annotation_note_words"),
    ]
