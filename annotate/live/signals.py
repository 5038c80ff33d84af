"""What ends somebody's access, or changes it, is told to their open streams."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone

from annotate.accounts.models import User
from annotate.articles.models import Article

from .actions import publish, publish_person
from .models import Event

DECISIVE = {"is_active", "is_superuser", "password", "session_epoch", "suspended_until"}


def connect() -> None:
    post_delete.connect(session_deleted, sender=Session, dispatch_uid="live.session")
    post_save.connect(person_saved, sender=User, dispatch_uid="live.person")
    post_delete.connect(person_deleted, sender=User, dispatch_uid="live.person_deleted")
    m2m_changed.connect(roles_changed, sender=User.groups.through, dispatch_uid="live.roles")
    post_save.connect(article_saved, sender=Article, dispatch_uid="live.article")


def session_deleted(instance: Session, **_: Any) -> None:
    """Signed out, signed in anew, or taken away. One that had expired ended its streams."""
    person = instance.get_decoded().get(SESSION_KEY)
    if person and instance.expire_date > timezone.now():
        publish_person(int(person))


def person_saved(
    instance: User, created: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    if not created and (update_fields is None or DECISIVE & set(update_fields)):
        publish_person(instance)


def person_deleted(instance: User, **_: Any) -> None:
    publish_person(instance)


def roles_changed(
    instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **_: Any
) -> None:
    if action not in ("post_add", "post_remove", "pre_clear"):
        return
    people = [instance.pk]
    if reverse:  # people of a group, not groups of a person
        people = list(pk_set or instance.user_set.values_list("pk", flat=True))
    for person in people:
        publish_person(person)


def article_saved(
    instance: Article, created: bool, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """Opened, locked or archived: pages show and offer something else."""
    if not created and update_fields and "status" in update_fields:
        publish(instance, Event.Kind.ROUND, by=None)
