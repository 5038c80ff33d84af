"""Stories are looked up by words of their titles. Built beside what goes on."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0004_index_statuses")]
    operations = [
        AddIndexConcurrently(
            "article",
            GinIndex(
                SearchVector("title", "outlet", config="simple"), name="article_name_words"
            ),
        ),
    ]
