"""The admin lists the newest threads and comments first. Built beside what goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("discussion", "0004_say_what_a_step_left")]
    operations = [
        AddIndexConcurrently(
            "thread", models.Index(name="thread_by_time", fields=["created_at"])
        ),
        AddIndexConcurrently(
            "comment", models.Index(name="comment_by_time", fields=["created_at"])
        ),
    ]
