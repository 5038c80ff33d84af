"""What is done to a person's account beside decisions: pre-moderation, and erasing it."""

from __future__ import annotations

import re

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.crypto import get_random_string

from annotate.accounts import second_factor
from annotate.accounts.models import User
from annotate.accounts.sessions import end_sessions
from annotate.articles.models import Article
from annotate.discussion.models import Comment

from . import audit
from .models import AuditEntry

Kind = AuditEntry.Kind


@transaction.atomic
def premoderate_person(person: User, first: int, *, by: User) -> None:
    """Let a moderator see so many of somebody's first tags before others do; 0 for none."""
    before, person.premoderated = person.premoderated, first
    if before == first:
        return
    person.save(update_fields=["premoderated"])
    audit.record(
        Kind.PREMODERATION,
        by=by,
        person=person,
        before={"premoderated": before},
        after={"premoderated": first},
    )


@transaction.atomic
def premoderate_article(article: Article, on: bool, *, by: User) -> None:
    """Let moderators see every tag of a story before other reviewers do, or end that.

    Tags that wait go on waiting.
    """
    article = (
        Article.objects.select_for_update(no_key=True)
        .defer("text", "search")
        .get(pk=article.pk)
    )
    if article.premoderated == on:
        return
    article.premoderated = on
    article.save(update_fields=["premoderated"])
    audit.record(
        Kind.PREMODERATION,
        by=by,
        article=article,
        before={"premoderated": not on},
        after={"premoderated": on},
    )


@transaction.atomic
def erase(person: User, *, by: User) -> None:
    """Remove a person's names, mail address, sessions and settings; their work stays.

    It is a pseudonym's from then on, in comments that name them, too. This cannot be undone.
    """
    before, pseudonym = person.public_name, f"Former reviewer {person.pk}"
    person.username = f"erased-{person.pk}-{get_random_string(8)}"
    person.public_name = pseudonym
    person.first_name = person.last_name = person.email = ""
    person.preferences = {}
    person.is_active = person.is_staff = person.is_superuser = False
    person.set_unusable_password()
    person.save()
    person.groups.clear()
    person.user_permissions.clear()
    second_factor.remove(person)
    end_sessions(person)  # and the notes of addresses and browsers
    _rename_in_comments(before, pseudonym, person)
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=kind, object_id=str(person.pk)).update(
        object_repr=pseudonym
    )


def _rename_in_comments(name: str, pseudonym: str, person: User) -> None:
    mention = re.compile(rf"@{re.escape(name)}(?!\w)", re.IGNORECASE)
    for comment in Comment.objects.filter(mentions=person):
        comment.text = mention.sub(f"@{pseudonym}", comment.text)
        comment.save(update_fields=["text"])
