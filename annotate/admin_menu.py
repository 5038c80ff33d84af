"""The menu of the admin. A page of ours in the admin gets a line here."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse


class Line(NamedTuple):
    title: str
    icon: str  # a name of Material Symbols, or nothing
    url_name: str
    permission: str = ""  # "app.action_model"; without one, for everybody in the admin


def things(title: str, icon: str, model: str) -> Line:
    """The list of a model ("app.model"), for whoever may look at its things."""
    app, name = model.split(".")
    return Line(title, icon, f"admin:{app}_{name}_changelist", f"{app}.view_{name}")


MENU: dict[str, list[Line]] = {
    "Moderation": [
        Line("Overview", "dashboard", "admin:index"),
        Line("Queue", "inbox", "queue"),
        Line("People", "badge", "people"),
        Line("Revert", "undo", "revert"),
        Line("Audit log", "receipt_long", "audit"),
    ],
    "Stories": [
        things("Articles", "article", "articles.article"),
        things("Sentences", "notes", "articles.sentence"),
    ],
    "Annotations": [
        things("Annotations", "ink_highlighter", "annotations.annotation"),
        things("Readings", "visibility", "annotations.reading"),
        things("Changes", "history", "annotations.change"),
    ],
    "Discussion": [
        things("Threads", "forum", "discussion.thread"),
        things("Comments", "comment", "discussion.comment"),
        things("Steps", "timeline", "discussion.step"),
    ],
    "Reviews": [
        things("Rounds", "cycle", "reviews.round"),
        things("Assignments", "assignment_ind", "reviews.assignment"),
        things("Moves", "timeline", "reviews.move"),
    ],
    "People": [
        things("Users", "group", "accounts.user"),
        things("Roles", "shield_person", "auth.group"),
    ],
    "Labels": [
        things("Labels", "label", "annotations.label"),
        things("Guidelines", "menu_book", "annotations.guideline"),
        things("Precedents", "gavel", "annotations.precedent"),
    ],
    "Log": [
        things("Done in the admin", "list_alt", "admin.logentry"),
        things("Cases", "folder_open", "moderation.case"),
        things("Flags", "flag", "moderation.flag"),
        things("Decisions", "gavel", "moderation.decision"),
        things("Notices", "mail", "notices.notice"),
        things("Task results", "task", "django_tasks_database.dbtaskresult"),
    ],
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return what `request.user` may open, as unfold's sidebar takes it."""
    groups = [
        {
            "title": title,
            "items": [_item(line, request) for line in lines if _may(line, request)],
        }
        for title, lines in MENU.items()
    ]
    return [group for group in groups if group["items"]]


def _may(line: Line, request: HttpRequest) -> bool:
    return not line.permission or request.user.has_perm(line.permission)


def _item(line: Line, request: HttpRequest) -> dict[str, Any]:
    address = reverse(line.url_name)
    on_it = request.path.startswith(address)
    if line.url_name == "admin:index":
        on_it = request.path == address
    return {"title": line.title, "icon": line.icon, "link": address, "active": on_it}
