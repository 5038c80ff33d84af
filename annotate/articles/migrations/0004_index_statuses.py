"""The list reads the articles of a status, the newest first. Built beside what goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0003_add_premoderation")]
    operations = [
        AddIndexConcurrently(
            "article", models.Index(fields=["status", "-id"], name="article_newest_of_status")
        ),
    ]
