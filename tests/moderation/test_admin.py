"""Cases, flags and decisions in the admin: to look at, and nothing about oneself."""

from __future__ import annotations

import pytest

from annotate.annotations import actions as tagging
from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import AuditEntry, Decision

LISTS = ["case", "flag", "decision"]


@pytest.fixture
def about_mo(mo, ana, ada):
    case = cases.flag(mo, by=ana, reason="bad_faith", text="About mo.").case
    decisions.decide({case.pk: case.version}, Verdict(Decision.Kind.WARN), by=ada)
    return case


@pytest.mark.parametrize("name", LISTS)
def test_a_moderator_finds_what_is_about_others_and_not_what_is_about_them(
    client, mo, mia, ana, flagged, about_mo, name
):
    decisions.decide({flagged.pk: flagged.version}, Verdict(Decision.Kind.HIDE), by=mia)
    secret = {
        "case": about_mo,
        "flag": about_mo.flags.get(),
        "decision": about_mo.decisions.get(),
    }[name]
    other = {
        "case": flagged,
        "flag": flagged.flags.get(),
        "decision": flagged.decisions.get(),
    }[name]
    client.force_login(mo)
    address = f"/admin/moderation/{name}/"
    found = client.get(address).context["cl"].result_list
    assert [one.pk for one in found] == [other.pk]
    assert client.get(f"{address}{other.pk}/change/").status_code == 200
    for page in ("change", "history"):
        response = client.get(f"{address}{secret.pk}/{page}/")
        assert response.status_code in (302, 403, 404)
    for page in (f"{other.pk}/delete/", "add/"):
        assert client.get(f"{address}{page}").status_code == 403
    assert client.post(f"{address}{other.pk}/change/", {"reason": "spam"}).status_code == 403
    client.force_login(ana)
    assert client.get(address).status_code == 302
    client.force_login(mia)
    assert len(client.get(address).context["cl"].result_list) == 2


def test_hiding_tags_in_the_admin_is_a_decision_that_the_log_has(client, mo, tag, ana):
    client.force_login(mo)
    sent = {"_selected_action": [tag.pk], "action": "hide"}
    client.post("/admin/annotations/annotation/", sent)
    decision = Decision.objects.get()
    assert (decision.kind, decision.by, decision.person) == ("hide", mo, ana)
    assert AuditEntry.objects.get(kind="decided").annotation == tag
    client.post("/admin/annotations/annotation/", {**sent, "action": "show"})
    assert [one.kind for one in Decision.objects.order_by("at")] == ["hide", "restore"]
    tag.refresh_from_db()
    assert tag.hidden_at is None


def test_one_does_not_hide_ones_own(client, mo, article, claim):
    own = tagging.annotate(article=article, reviewer=mo, label=claim, start=0, end=5)
    client.force_login(mo)
    sent = {"_selected_action": [own.annotation.pk], "action": "hide"}
    page = client.post("/admin/annotations/annotation/", sent, follow=True).text
    assert "This case is about you: somebody else decides it." in page
    assert not Decision.objects.exists()
