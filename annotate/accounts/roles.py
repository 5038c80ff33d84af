"""Reviewer, moderator, admin: Django groups, and what each may do in the admin."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    REVIEWER = "reviewer"
    MODERATOR = "moderator"
    ADMIN = "admin"


# What each role may do in Django's admin, as "app.action_model". Logs have no "change":
# nobody edits them. Reviewers work in the pages and need no admin.
_MODERATOR = [
    "articles.view_article",
    "articles.change_article",
    "articles.view_sentence",
    "annotations.view_annotation",
    "annotations.change_annotation",
    "annotations.view_reading",
    "annotations.view_change",
    "annotations.view_label",
    "annotations.view_guideline",
    "annotations.view_precedent",
    "discussion.view_thread",
    "discussion.view_comment",
    "discussion.view_step",
    "reviews.view_round",
    "reviews.view_assignment",
    "reviews.view_move",
    "moderation.view_case",
    "moderation.view_flag",
    "moderation.view_decision",
    "notices.view_notice",
    "accounts.view_user",
]
PERMISSIONS: dict[Role, list[str]] = {
    Role.REVIEWER: [],
    Role.MODERATOR: _MODERATOR,
    Role.ADMIN: [
        *_MODERATOR,
        "annotations.add_label",
        "annotations.change_label",
        "accounts.add_user",
        "accounts.change_user",
        "auth.view_group",
        "admin.view_logentry",
    ],
}


def grant_permissions(using: str = "default", **kwargs: object) -> None:
    """Give each role's group exactly the permissions above; make groups that are missing."""
    from django.contrib.auth.models import Group, Permission

    if not Permission.objects.using(using).exists():
        return
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for role, names in PERMISSIONS.items():
        group, _ = Group.objects.using(using).get_or_create(name=role.value)
        wanted = {known[name] for name in names if name in known}
        if set(group.permissions.all()) != wanted:
            group.permissions.set(wanted)
