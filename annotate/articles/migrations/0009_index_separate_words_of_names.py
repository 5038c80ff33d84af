"""Words of titles are looked up beside any quotation mark. Built beside what goes on."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models


def words(field):
    return models.Func(field, function="spaced_words", output_field=models.TextField())


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0008_separate_standing_words")]
    operations = [
        AddIndexConcurrently(
            "article",
            GinIndex(
                SearchVector(words("title"), words("outlet"), config="simple"),
                name="article_words_of_names",
            ),
        ),
        RemoveIndexConcurrently("article", "article_name_words"),
    ]
