"""What the worker does: `manage.py db_worker`, or the one that `make run` starts."""

from __future__ import annotations

import datetime

from django.core.management import call_command
from django.tasks import task
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from . import actions

AGAIN = datetime.timedelta(minutes=15)
KEEP_DAYS = 14  # how long finished tasks stay


@task
def deliver() -> int:
    """Mail what is due; return how many mails were sent.

    The next try is queued before the first mail is sent: it comes whether the mail server
    is down or this worker is killed, and finds nothing to do if all went well.
    """
    now = timezone.now()
    if not actions.people_to_mail(now):
        return 0
    if not _tries_again(now):
        deliver.using(run_after=now + AGAIN).enqueue()
    call_command("prune_db_task_results", min_age_days=KEEP_DAYS, verbosity=0)
    return actions.mail_everybody(now)


def _tries_again(now: datetime.datetime) -> bool:
    """Whether a try is queued for the next minutes. One that is ready now may be another's."""
    queued = DBTaskResult.objects.filter(task_path=deliver.module_path, status="READY")
    return queued.filter(run_after__gt=now, run_after__lte=now + AGAIN).exists()
