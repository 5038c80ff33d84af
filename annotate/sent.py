"""A form that was refused for no fault of whoever sent it, to be sent again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True)
class Field:
    name: str
    value: str

    @property
    def is_text(self) -> bool:
        """Whether it is words, which somebody will want to see again."""
        return any(map(str.isspace, self.value))


@dataclass(frozen=True)
class Sent:
    """A form that was sent to `address`. No fields if it cannot be shown to be sent again."""

    address: str
    fields: list[Field]

    @property
    def has_more_than_a_token(self) -> bool:
        return any(one.name != TOKEN for one in self.fields)


TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of the field
SECRET = re.compile("password|code|credential")  # in the name of a field


def what_was_sent(request: HttpRequest) -> Sent | None:
    """Return the form that a person sent, whose own page the browser may not keep.

    Ask this only where its token was good, or `is_of_ours`: no other site shall put words here.
    """
    if request.method != "POST" or "HX-Request" in request.headers:
        return None
    fields = [Field(name, value) for name, values in request.POST.lists() for value in values]
    kept = not request.FILES and not any(SECRET.search(one.name) for one in fields)
    return Sent(request.get_full_path(), fields if kept else [])


def is_of_ours(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the form."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
