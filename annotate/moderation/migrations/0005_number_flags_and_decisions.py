"""Flags that stand keep their numbers."""

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models
from django.db.models import PROTECT, Q
from django.utils import timezone

from annotate.keys import draw_at_random

STANDING = "flag_one_standing_per_person_and_case"


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0004_decision_waited"),
        ("reviews", "0001_create_rounds"),
    ]
    operations = [
        migrations.AddField(
            model_name="decision",
            name="number",
            field=models.UUIDField(db_default=RandomUUID(), editable=False, unique=True),
        ),
        draw_at_random("moderation_flag", "flag"),
        migrations.AlterField(
            model_name="flag",
            name="created_at",
            field=models.DateTimeField(
                default=timezone.now, editable=False, help_text="When it was last changed."
            ),
        ),
        migrations.AddField(
            model_name="flag",
            name="round",
            field=models.ForeignKey(
                help_text="Where a person's behaviour was seen.",
                null=True,
                on_delete=PROTECT,
                related_name="+",
                to="reviews.round",
            ),
        ),
        migrations.RemoveConstraint(model_name="flag", name=STANDING),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(
                condition=Q(withdrawn_at=None),
                fields=["case", "by", "round"],
                name=STANDING,
                nulls_distinct=False,
            ),
        ),
    ]
