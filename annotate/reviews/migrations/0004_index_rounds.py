"""What is late and who has submitted is asked of all rounds. Built beside what goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reviews", "0003_index_unfinished_parts")]
    operations = [
        AddIndexConcurrently(
            "assignment",
            models.Index(
                name="assignment_own_due",
                fields=["due"],
                condition=models.Q(submitted_at=None, handed_on_at=None, due__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "assignment",
            models.Index(
                name="assignment_submitted",
                fields=["round"],
                condition=models.Q(submitted_at__isnull=False, handed_on_at=None),
            ),
        ),
        AddIndexConcurrently(
            "round", models.Index(name="round_by_state_and_due", fields=["state", "due"])
        ),
    ]
