"""A suspended person signs in, reads why, answers, and does nothing else."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from annotate.moderation import decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Case, Decision, Reason
from annotate.reviews import actions as rounds
from annotate.reviews import queries
from tests.factories import PASSWORD
from tests.moderation.test_flags import HTMX, main
from tests.test_permissions import names

Kind = Decision.Kind
UNTIL = datetime.datetime(2099, 5, 4, 12, tzinfo=datetime.UTC)
OPEN = {"decisions", "decision", "appeal", "password_change", "password_change_done"}


def suspend(person, by, until=UNTIL) -> Decision:
    kind = Kind.SUSPEND if until else Kind.BAN
    verdict = Verdict(kind, Reason.SPAM, note="Three stories of it.", until=until)
    return decisions.decide_about(person, verdict, by=by)


@pytest.fixture
def decision(ana, mo):
    return suspend(ana, mo)


def test_every_page_says_until_when_and_why(as_ana, article, decision):
    for page in ("/", "/work/", article.get_absolute_url(), "/accounts/settings/", "/flags/"):
        answer = as_ana.get(page)
        assert answer.status_code == 403
        said = main(answer)
        assert "Your account is suspended until 4 May 2099, 12:00." in said
        assert "Spam : Three stories of it." in said
        assert "Read the decision and answer" in said
        assert decision.get_absolute_url() in answer.text
        assert ">My work<" not in answer.text


def test_a_banned_person_is_told_so(as_ana, ana, mo):
    suspend(ana, mo, until=None)
    assert "Your account is banned." in main(as_ana.get("/"))


def test_what_is_open_is_marked_and_nothing_else(as_ana, article, decision):
    """Every address of the site: open to everybody, marked, or 403."""
    guarded, free = set(), set()
    for name in names(get_resolver()):
        _, wanted = next(iter(get_resolver().reverse_dict.getlist(name)))[0][0]
        given = {one: {"number": 1, "format": "csv"}.get(one, 1) for one in wanted}
        if name in ("decision", "appeal"):
            given["number"] = decision.number
        if "slug" in given:
            given["slug"] = "claim"
        answer = as_ana.get(reverse(name, kwargs=given))
        (guarded if answer.status_code == 403 else free).add(name)
    public = {one for one in free if one.startswith("password_reset")} | {
        *("healthz", "readyz", "sign_in", "account_login", "sign_out"),
        *("mfa_authenticate", "mfa_login_webauthn"),
    }
    assert free - public == OPEN
    assert {"articles", "annotate", "flag_annotation", "settings", "people", "queue"} <= guarded


def test_what_a_script_sends_is_refused_with_a_message_that_it_keeps(as_ana, article, decision):
    """The outbox takes a 403 without `#message` for the loss of its session, and waits."""
    body = {"start": 0, "end": 5, "label": "claim"}
    answer = as_ana.post(reverse("annotate", args=[article.pk]), body, headers=HTMX)
    assert answer.status_code == 403
    assert 'id="message"' in answer.text
    assert (
        "Your account is suspended until 4 May 2099, 12:00. Your decisions tell why."
        in main(answer)
    )
    stream = as_ana.get(
        reverse("live", args=[article.pk]), headers={"Accept": "text/event-stream"}
    )
    assert (stream.status_code, stream.text) == (
        403,
        "Your account is suspended until 4 May 2099, 12:00.",
    )
    assert not article.annotations.exists()


def test_sign_in_read_answer_and_sign_out(client, ana, decision):
    signed_in = client.post(
        reverse("sign_in"), {"username": "ana", "password": PASSWORD}, follow=True
    )
    assert "Your account is suspended" in main(signed_in)
    page = decision.get_absolute_url()
    assert "Until 4 May 2099, 12:00 you can sign in" in main(client.get(page))
    assert "Suspended: your account" in main(client.get("/decisions/"))
    answered = client.post(reverse("appeal", args=[decision.number]), {"text": "I was wrong."})
    assert (answered.status_code, answered["Location"]) == (303, page)
    assert Case.objects.get().is_appealed
    assert client.get(reverse("password_change")).status_code == 200
    assert client.post(reverse("sign_out")).status_code == 302


def test_it_ends_without_a_new_sign_in(as_ana, ana, decision):
    assert as_ana.get("/").status_code == 403
    ana.suspended_until = timezone.now()
    ana.save()
    assert as_ana.get("/").status_code == 200


def test_it_ends_when_it_is_taken_back(as_ana, decision, mo):
    decisions.take_back(by=mo)
    assert as_ana.get("/").status_code == 200


def test_a_suspended_moderator_has_no_admin(mo, ada):
    client = Client()
    client.force_login(mo)
    suspend(mo, ada)
    for page in ("/admin/", "/admin/articles/article/", reverse("queue"), "/reviews/"):
        assert client.get(page).status_code == 403
        assert "Your account is suspended" in main(client.get(page))


def test_nobody_suspended_is_assigned_and_their_parts_say_so(
    client, article, ana, ben, mo, decision
):
    assert ana not in queries.possible_reviewers()
    rounds.open_round(article, by=mo, reviewers=[ben])
    round = article.rounds.get()
    ana.refresh_from_db()
    with pytest.raises(rounds.ActionRefused, match="ana is suspended and cannot be assigned"):
        rounds.assign(round, [ana], by=mo)
    suspend(ben, mo)
    client.force_login(mo)
    for page in (reverse("review", args=[article.pk]), "/reviews/"):
        assert "ben suspended" in main(client.get(page))
