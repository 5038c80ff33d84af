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
from annotate.discussion.models import Comment, Step

from . import audit
from .models import AuditEntry, Case

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

    It is a pseudonym's from then on, in comments that name them with an @, too. What others
    wrote of them without is not touched. This cannot be undone.
    """
    name, pseudonym = person.public_name, _pseudonym(person)
    person.username = f"erased-{person.pk}-{get_random_string(8)}"
    person.public_name = pseudonym
    person.first_name = person.last_name = person.email = ""
    person.preferences = {}
    person.last_login = None
    person.is_active = person.is_staff = person.is_superuser = False
    person.set_unusable_password()
    person.save()
    person.groups.clear()
    person.user_permissions.clear()
    Case.objects.filter(kind=Case.Kind.ERASURE, person=person).update(appeal="")
    second_factor.remove(person, by=by)
    end_sessions(person)  # and the notes of addresses and browsers
    _forget_in_admin_log(person, pseudonym)
    _rename_in_comments(name, pseudonym)


def _pseudonym(person: User) -> str:
    pseudonym = f"Former reviewer {person.pk}"
    if User.objects.filter(public_name=pseudonym).exists():  # somebody calls themselves so
        return f"{pseudonym} {get_random_string(4)}"
    return pseudonym


def _forget_in_admin_log(person: User, pseudonym: str) -> None:
    kind = ContentType.objects.get_for_model(User)
    lines = LogEntry.objects.filter(content_type=kind, object_id=str(person.pk))
    lines.update(object_repr=pseudonym, change_message="")


def _rename_in_comments(name: str, pseudonym: str) -> None:
    """Put the pseudonym where comments, as they are or were, have `@name`."""
    # Of several names that fit, the longest is meant: “@ana b” is not “ana”.
    others = User.objects.filter(public_name__istartswith=name)
    names = set(others.values_list("public_name", flat=True))
    longest_first = sorted({name, *names}, key=len, reverse=True)
    mention = re.compile(rf"@({'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    def rename(found: re.Match[str]) -> str:
        is_theirs = found[1].casefold() == name.casefold() and found[1] not in names
        return f"@{pseudonym}" if is_theirs else found[0]

    for model, field in ((Comment, "text"), (Step, "before")):
        rows = model._default_manager.filter(**{f"{field}__icontains": f"@{name}"})
        for row in rows.only(field):
            setattr(row, field, mention.sub(rename, getattr(row, field)))
            row.save(update_fields=[field])
