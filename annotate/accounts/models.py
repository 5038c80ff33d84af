"""People: who they are to others, what they may do, how they like to work."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property

from .roles import Role

# Until when somebody is suspended who is banned.
FOREVER = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)


def first_tags() -> int:
    """Return how many tags of a new reviewer wait for a moderator."""
    return settings.PREMODERATED_TAGS


class UserQuerySet(models.QuerySet["User"]):
    def working(self) -> UserQuerySet:
        """Who can sign in and is not suspended."""
        free = Q(suspended_until=None) | Q(suspended_until__lte=timezone.now())
        return self.filter(free, is_active=True)

    def moderators(self) -> UserQuerySet:
        """Moderators and admins."""
        members = User.groups.through.objects.filter(
            group__name__in=[Role.MODERATOR, Role.ADMIN]
        )
        return self.filter(Q(is_superuser=True) | Q(pk__in=members.values("user")))

    def moderated_by(self, user: User) -> UserQuerySet:
        """About whom `user` may decide: not themselves, and about admins as an admin only."""
        if not user.is_moderator:
            return self.none()
        others = self.exclude(pk=user.pk)
        return others if user.is_admin else others.exclude(pk__in=User.objects.admins())

    def admins(self) -> UserQuerySet:
        members = User.groups.through.objects.filter(group__name=Role.ADMIN)
        return self.filter(Q(is_superuser=True) | Q(pk__in=members.values("user")))

    def with_roles(self) -> UserQuerySet:
        """Each with `role_names`, so that asking what a person may do costs no query."""
        return self.annotate(
            role_names=ArrayAgg("groups__name", filter=~Q(groups=None), default=[])
        )


class PeopleManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes accounts as Django does, and answers the questions above."""


class User(AbstractUser):
    """A person who signs in. `public_name` is what others and exports call them."""

    public_name = models.CharField(
        max_length=150,
        unique=True,
        blank=True,
        help_text="Shown to others and in exports. The user name, if left empty.",
    )
    preferences = models.JSONField(default=dict, blank=True, editable=False)
    suspended_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until then they may only answer."
    )
    premoderated = models.PositiveIntegerField(
        "first tags seen by a moderator",
        default=first_tags,
        editable=False,
        help_text="So many of their first tags wait until a moderator has seen them.",
    )
    # Part of what each session is checked against: one more, and all have ended.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    # Set for a request by a person who moderates and did not show the second factor that
    # the site asks for: they may what a reviewer may.
    confined = False

    role_names: list[str]  # where they were loaded with the person

    objects: ClassVar[PeopleManager] = PeopleManager()

    def __str__(self) -> str:
        return self.public_name

    def clean(self) -> None:
        super().clean()
        # Before uniqueness is checked, so that a name taken by somebody else is an error.
        self.public_name = self.public_name or self.username

    def save(self, *args, **kwargs) -> None:
        self.public_name = self.public_name or self.username
        super().save(*args, **kwargs)

    @cached_property
    def roles(self) -> frozenset[str]:
        names = getattr(self, "role_names", None)
        if names is None:
            names = self.groups.values_list("name", flat=True)
        return frozenset(names)

    @property
    def is_moderator(self) -> bool:
        """May see everyone's work. Admins may do all that moderators may."""
        return not self.confined and self.moderates

    @property
    def is_suspended(self) -> bool:
        return self.suspended_until is not None and self.suspended_until > timezone.now()

    @property
    def is_banned(self) -> bool:
        return self.suspended_until == FOREVER

    @property
    def is_admin(self) -> bool:
        return not self.confined and (self.is_superuser or Role.ADMIN in self.roles)

    @property
    def moderates(self) -> bool:
        """Moderates, whether or not they showed a second factor."""
        return self.is_superuser or bool(self.roles & {Role.MODERATOR, Role.ADMIN})

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session is checked against: the password, and that it was not ended."""
        password = f"{self.password}{self.session_epoch or ''}"
        # Django's own salt: sessions that were never ended one by one stay good.
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(salt, password, secret=secret, algorithm="sha256").hexdigest()
