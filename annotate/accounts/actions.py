"""What is done to accounts."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction

from .models import User
from .roles import Role


@transaction.atomic
def create_user(*, username: str, password: str, role: str, public_name: str = "") -> User:
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
    return user


@transaction.atomic
def set_role(user: User, role: str) -> None:
    """Give an account one role, or none for an empty `role`; it keeps its other groups.

    Who moderates may enter the admin, and nobody else but superusers.
    """
    roles = Group.objects.filter(name__in=Role.values)
    user.groups.remove(*roles.exclude(name=role))
    user.groups.add(*roles.filter(name=role))
    user.is_staff = user.is_superuser or role in (Role.MODERATOR, Role.ADMIN)
    user.save(update_fields=["is_staff"])
