"""What is done to accounts."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction

from .models import User
from .roles import Role
from .signals import person_changed


@transaction.atomic
def create_user(
    *, username: str, password: str, role: str, public_name: str = "", by: User | None = None
) -> User:
    """Make an account with one role. Moderators and admins may enter the admin.

    Raises ValidationError if the name is taken or not a user name.
    """
    user = User(
        username=username,
        public_name=public_name,
        is_staff=role in (Role.MODERATOR, Role.ADMIN),
    )
    user.set_password(password)
    user.full_clean()
    user.save()
    user.groups.add(Group.objects.get(name=role))
    _tell(user, "role", "", role, by)
    return user


@transaction.atomic
def set_role(user: User, role: str, *, by: User | None = None) -> None:
    """Give an account one role, or none for an empty `role`; it keeps its other groups.

    Who moderates may enter the admin, and nobody else but superusers.
    """
    roles = Group.objects.filter(name__in=Role.values)
    before = ", ".join(user.groups.filter(pk__in=roles).values_list("name", flat=True))
    user.groups.remove(*roles.exclude(name=role))
    user.groups.add(*roles.filter(name=role))
    user.is_staff = user.is_superuser or role in (Role.MODERATOR, Role.ADMIN)
    user.save(update_fields=["is_staff"])
    if before != role:
        _tell(user, "role", before, role, by)


@transaction.atomic
def set_active(user: User, active: bool, *, by: User | None = None) -> None:
    """Let somebody sign in, or shut them out: their sessions end with the next request."""
    standing = User.objects.select_for_update().values_list("is_active", flat=True)
    before, user.is_active = standing.get(pk=user.pk), active
    user.save(update_fields=["is_active"])
    if before != active:
        _tell(user, "active", before, active, by)


def _tell(user: User, what: str, before: object, after: object, by: User | None) -> None:
    person_changed.send(User, user=user, what=what, before=before, after=after, by=by)
