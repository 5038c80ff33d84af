"""What is written in a comment: who is named, which passages are linked, as HTML.

A comment is plain text. `@` before what a person is called there names them; `#4` is a link
to sentence 4 of the story, `#4-6` to sentences 4 to 6, `#H` to the headline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from annotate.accounts.models import User
from annotate.reviews.people import People

_PASSAGE = re.compile(
    r"(?<![\w&#/])#(?:[Hh]|(?P<first>[1-9]\d{0,5})(?:[-\u2013](?P<last>\d{1,6}))?)(?!\w)"
)


def find_mentions(text: str, people: People, readers: Iterable[User]) -> list[User]:
    """Return the `readers` whom a text names; where several names fit, the longest counts."""
    by_name = {people.called(one): one for one in readers}
    found = [by_name[one["name"]] for one in _names(by_name).finditer(text)]
    return list(dict.fromkeys(found))


def hide_names(text: str, people: People) -> str:
    """Return a text with `@` and a reviewer's name turned into their pseudonym.

    For what moderators write: they see the names, those who read it may not.
    """
    return _names(people.seats).sub(lambda one: f"@{people.seats[one['name']]}", text)


def find_positions(text: str) -> set[int]:
    """Return the positions of the sentences that a text links to."""
    return {_position(one) for one in _PASSAGE.finditer(text)}


def render(
    text: str, people: People, mentions: Iterable[User], links: Mapping[int, str]
) -> SafeString:
    """Return a text as HTML: all of it escaped, who is named marked, passages linked.

    `links` has the address of each sentence that there is, by its position.
    """
    named = {people.called(one): one for one in mentions}
    html, at = [], 0
    for one in re.finditer(f"{_names(named).pattern}|{_PASSAGE.pattern}", text):
        html.append(escape(text[at : one.start()]))
        at = one.end()
        if name := one["name"]:
            html.append(format_html('<b class="mention">@{}</b>', people.name(named[name])))
        else:
            html.append(_link(one, links))
    html.append(escape(text[at:]))
    return mark_safe("".join(html))  # noqa: S308 - every piece of it was escaped


def _names(names: Iterable[str]) -> re.Pattern[str]:
    """Match `@` and one of the names, the longest first; nothing where there are none."""
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"(?<!\w)@(?P<name>{longest_first or '(?!)'})(?!\w)")


def _position(found: re.Match[str]) -> int:
    return int(found["first"] or 0)


def _link(found: re.Match[str], links: Mapping[int, str]) -> SafeString:
    first, last = _position(found), found["last"]
    if first not in links or (last is not None and int(last) < first):
        return escape(found[0])
    return format_html('<a href="{}" data-passage>{}</a>', links[first], found[0])
