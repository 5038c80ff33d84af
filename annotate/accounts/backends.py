"""Sign-in by name and password; a person is loaded with their roles in one query."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend

from .models import User


class RoleBackend(ModelBackend):
    def get_user(self, user_id: int) -> User | None:
        user = User.objects.with_roles().filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
