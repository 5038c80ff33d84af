"""Nobody finds anything above their role in the admin: every address of every model.

What each role may do is said once, in `annotate.accounts.roles`; nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from annotate.accounts.roles import PERMISSIONS, Role
from annotate.annotations import actions as tagging
from annotate.discussion import actions as discussing
from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Decision
from annotate.reviews import actions as rounds

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def things(article, ana, ben, mo, ada, claim, client):
    """Something of each kind, with lines of every log."""
    round = rounds.open_round(article, by=ada, mode="open", reviewers=[ana, ben])
    tag = tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    tagging.set_reading(article.sentences.get(position=1), by=ana)
    thread = discussing.begin_thread(article, by=ana, start=0, end=5, text="A question, @ben")
    discussing.resolve(thread, by=ada, outcome="gap", label=claim, text="So it is decided.")
    case = cases.flag(tag.annotation, by=ben, reason="spam").case
    decisions.decide({case.pk: case.version}, Verdict(Decision.Kind.WARN, "spam"), by=ada)
    client.force_login(ada)
    address = reverse("admin:accounts_user_change", args=[ben.pk])
    client.post(address, {"username": "ben", "public_name": "ben", "role": "reviewer"})
    return round


# What each kind of page asks for.
VERBS = {
    "changelist": "view",
    "add": "add",
    "change": "view",
    "history": "view",
    "delete": "delete",
}


def addresses(model: type[Model]) -> Iterator[tuple[str, str]]:
    """Yield kind and address of each page about a model."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield "changelist", reverse(f"{name}_changelist")
    yield "add", reverse(f"{name}_add")
    if thing := model._default_manager.order_by("-pk").first():
        for kind in ("change", "history", "delete"):
            yield kind, reverse(f"{name}_{kind}", args=[thing.pk])


def refused(response: HttpResponse) -> bool:
    to_the_sign_in = reverse("admin:login"), reverse("sign_in")
    leads = response.get("Location", "")
    return response.status_code in (401, 403) or leads.startswith(to_the_sign_in)


ROLES = {
    **{"nobody": None, "ana": Role.REVIEWER, "ben": Role.REVIEWER},
    **{"mo": Role.MODERATOR, "ada": Role.ADMIN},
}


@pytest.mark.parametrize("person", ROLES)
def test_each_role_opens_and_changes_what_it_may_and_nothing_else(things, request, person):
    role = ROLES[person]
    may = PERMISSIONS[role] if role else set()
    client = Client()
    if role:
        client.force_login(request.getfixturevalue(person))
    wrong = []
    for model in MODELS:
        app, name = model._meta.app_label, model._meta.model_name
        for kind, address in addresses(model):
            allowed = f"{app}.{VERBS[kind]}_{name}" in may
            # What opens has tests of its own; the lists tell that this one sees any.
            asks = not allowed or kind == "changelist"
            if asks and (client.get(address).status_code == 200) != allowed:
                wrong.append(f"GET {address}")
            writes = {"add": "add", "change": "change", "delete": "delete"}.get(kind)
            if not writes or f"{app}.{writes}_{name}" in may:
                continue
            if not refused(client.post(address, {"post": "yes"})):
                wrong.append(f"POST {address}")
    assert wrong == []


@pytest.mark.parametrize("person", ["ana", "mo"])
def test_no_list_suggests_or_acts_above_the_role(things, request, person):
    client = Client()
    client.force_login(request.getfixturevalue(person))
    users = {"app_label": "accounts", "model_name": "user", "field_name": "groups", "term": "a"}
    assert refused(client.get(reverse("admin:autocomplete"), users))
    before = {
        model: list(model._default_manager.values_list("pk", flat=True)) for model in MODELS
    }
    for model in MODELS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        chosen = {"_selected_action": [str(pk) for pk in before[model]], "post": "yes"}
        address = reverse(f"{name}_changelist")
        client.post(address, {"action": "delete_selected", **chosen})
    assert before == {
        model: list(model._default_manager.values_list("pk", flat=True)) for model in MODELS
    }
