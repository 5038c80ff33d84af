"""Tell people, and mail what they were told. No request waits for mail: a worker sends it."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Sequence
from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from annotate.accounts.models import User
from annotate.accounts.preferences import Preferences
from annotate.articles.models import Article
from annotate.moderation.models import Decision

from .models import Notice

logger = logging.getLogger(__name__)
FAILURES = 3  # people in a row to whom nothing could be sent: the mail server is down

SUBJECTS = {
    Notice.Kind.ASSIGNMENT: "A story to review",
    Notice.Kind.REVEAL: "A review is revealed",
    Notice.Kind.MENTION: "You are mentioned",
    Notice.Kind.DECISION: "A decision about your work",
}


@transaction.atomic
def notify(
    people: Iterable[User],
    kind: str,
    *,
    article: Article | None,
    text: str,
    link: str,
    decision: Decision | None = None,
) -> list[Notice]:
    """Tell people something of an article or a decision. `link` is a path of this site.

    The mail is queued in the same transaction: it is sent if and only if that commits.
    """
    from .tasks import deliver

    people = list(people)
    notices = Notice.objects.bulk_create(
        Notice(person=one, kind=kind, article=article, text=text, link=link, decision=decision)
        for one in people
    )
    times = {Preferences.of(one).mail[kind] for one in people}
    if "once" in times:
        deliver.enqueue()
    if "digest" in times:
        deliver.using(run_after=digest_after(timezone.now())).enqueue()
    return notices


def digest_after(moment: datetime.datetime) -> datetime.datetime:
    """Return when the first digest after a moment is sent: once a day, in local time."""
    local = timezone.localtime(moment)
    day = local.date() + datetime.timedelta(days=local.hour >= settings.MAIL_DIGEST_HOUR)
    return timezone.make_aware(
        datetime.datetime.combine(day, datetime.time(settings.MAIL_DIGEST_HOUR))
    )


def is_due(notice: Notice, preferences: Preferences, now: datetime.datetime) -> bool:
    """Whether a notice is to be mailed now, as its person chose."""
    when = preferences.mail[notice.kind]
    if when == "never":
        return False
    return when == "once" or digest_after(notice.created_at) <= now


def people_to_mail(now: datetime.datetime) -> list[User]:
    """Return who has something due."""
    waiting = Notice.objects.waiting().select_related("person").order_by("person", "pk")
    due = {
        one.person_id: one.person
        for one in waiting
        if is_due(one, Preferences.of(one.person), now)
    }
    return list(due.values())


def mail_everybody(now: datetime.datetime) -> int:
    """Mail each person what is due; return how many mails were sent.

    What could not be sent is logged and stays due.
    """
    sent = failed = 0
    for person in people_to_mail(now):
        try:
            sent += mail(person, now)
        except SMTPRecipientsRefused:
            logger.exception("The mail server refused the address of person %s.", person.pk)
        except Exception:
            logger.exception("Mail to person %s was not sent. It is tried again.", person.pk)
            failed += 1
            if failed == FAILURES:
                break
        else:
            failed = 0
    return sent


@transaction.atomic
def mail(person: User, now: datetime.datetime) -> bool:
    """Send a person what is due in one mail; return whether there was anything.

    The rows are locked while the mail is sent, and another worker passes them over: nobody
    is told twice. If sending fails, the transaction is rolled back and they stay due.
    """
    preferences = Preferences.of(person)
    waiting = Notice.objects.waiting().filter(person=person).select_related("article")
    waiting = waiting.defer("article__text", "article__search")
    locked = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    due = [one for one in locked if is_due(one, preferences, now)]
    if not due:
        return False
    Notice.objects.filter(pk__in=[one.pk for one in due]).update(mailed_at=timezone.now())
    message(person, due).send()
    return True


def message(person: User, notices: Sequence[Notice]) -> EmailMessage:
    """Return the mail that tells a person some notices."""
    subject = (
        SUBJECTS[Notice.Kind(notices[0].kind)]
        if len(notices) == 1
        else f"{len(notices)} notes about your reviews"
    )
    context = {"person": person, "notices": notices, "site": settings.SITE_URL}
    return EmailMessage(
        subject=f"Annotate: {subject}",
        body=render_to_string("notices/mail.txt", context),
        to=[person.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
