"""The overview counts open cases and decisions, the queue open cases. Built beside what goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0008_index_why")]
    operations = [
        AddIndexConcurrently(
            "case",
            models.Index(
                name="case_open",
                fields=["opened_at"],
                include=[
                    *("id", "risk", "kind", "person", "annotation"),
                    *("reasons", "flags_standing", "claimed_until"),
                    *("appealed_at", "decided_at"),
                ],
                condition=models.Q(state="open"),
            ),
        ),
        AddIndexConcurrently(
            "decision",
            models.Index(
                name="decision_by_time",
                fields=["at"],
                include=["reason", "waited", "taken_back_at"],
            ),
        ),
        RemoveIndexConcurrently("decision", "decision_in_time"),
    ]
