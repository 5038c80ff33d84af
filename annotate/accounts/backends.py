"""Sign-in by name and password; a person is loaded with their roles in one query."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.http import HttpRequest

from annotate.trips import fetch_row

from .models import User

FIELDS = [one.attname for one in User._meta.concrete_fields]
PREFERENCES = FIELDS.index("preferences")  # the only JSON among them
# As `User.objects.with_roles()`: every request asks, and a QuerySet takes ten times as long.
PERSON = f"""
    SELECT {", ".join(f'person."{one}"' for one in FIELDS)},
           ARRAY(SELECT name FROM auth_group
                   JOIN accounts_user_groups member ON member.group_id = auth_group.id
                  WHERE member.user_id = person.id)
      FROM accounts_user person WHERE person.id = %s
"""  # noqa: S608 - composed of constants


class RoleBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        name = username and self.name_of(username)
        return super().authenticate(request, name, password, **credentials)

    def name_of(self, written: str) -> str:
        """Return whose name was written, in capitals or not, if it can be one person's only.

        Compared as failed attempts are counted: no spelling of a name is counted apart.
        """
        alike = User.objects.filter(username__iexact=written).values_list("username", flat=True)
        names = [one for one in alike if one.lower() == written.lower()]
        return names[0] if len(names) == 1 else written

    def get_user(self, user_id: int) -> User | None:
        row = fetch_row(PERSON, [user_id])
        if row is None:
            return None
        *values, roles = row
        values[PREFERENCES] = json.loads(values[PREFERENCES])
        user = User.from_db(connection.alias, FIELDS, values)
        user.role_names = roles
        return user if self.user_can_authenticate(user) else None
