"""Who has how much to do is asked of all reviewers. Built beside what goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reviews", "0002_take_names_out_of_moves")]
    operations = [
        AddIndexConcurrently(
            "assignment",
            models.Index(
                name="assignment_unfinished",
                fields=["reviewer", "round"],
                condition=models.Q(submitted_at=None, handed_on_at=None),
            ),
        ),
    ]
