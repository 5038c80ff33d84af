"""The overview counts open cases and decisions, the queue open cases. Built beside what goes on.

A site may have the first index, whole or not, from a migration that this one took the place of.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0008_index_why")]
    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS case_open", migrations.RunSQL.noop
        ),
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
