"""The second factor: setting it up, signing in with it, and where it is asked for."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.admin.models import LogEntry
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.test import Client

from annotate.live.access import access_of, check
from annotate.moderation.models import AuditEntry
from annotate.moderation.replay import differences
from tests.accounts.test_sign_in import SIGN_IN, sign_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/accounts/second-factor/"
APP = f"{PAGE}app/"
SECOND = "/accounts/sign-in/second/"


def code_of(secret: str) -> str:
    """What an authenticator app shows now; each is good once, so forget which were used."""
    cache.clear()
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def confirm(client, page: str) -> None:
    asked = client.get(page)
    assert asked["Location"] == f"/accounts/confirm/?next={page.replace('/', '%2F')}"
    done = client.post(asked["Location"], {"password": PASSWORD, "next": page})
    assert (done.status_code, done["Location"]) == (303, page)


def set_up(client) -> tuple[str, list[str]]:
    """Set up an app; return its secret and the recovery codes."""
    confirm(client, APP)
    page = client.get(APP)
    assert 'src="data:image/svg+xml;base64,' in page.text
    secret = re.search(r'<code class="secret">(\w+)</code>', page.text)[1]
    done = client.post(APP, {"code": code_of(secret)})
    assert (done.status_code, done["Location"]) == (303, f"{PAGE}codes/")
    return secret, re.findall(r"<code>(\d+)</code>", client.get(f"{PAGE}codes/").text)


@pytest.fixture
def secret(ana) -> str:
    client = Client()
    client.force_login(ana)
    return set_up(client)[0]


def with_second(secret: str) -> Client:
    """Sign ana in by password and code."""
    client = Client()
    sign_in(client)
    assert client.post(SECOND, {"code": code_of(secret)}).status_code == 303
    return client


@pytest.fixture
def required(settings, transactional_db):  # that it was set up is noted after the commit
    settings.SECOND_FACTOR = "moderators"


def test_app_is_set_up_and_asked_for(as_ana, ana):
    assert "<b>You have none.</b>" in as_ana.get(PAGE).text
    secret, codes = set_up(as_ana)
    assert len(codes) == 10
    assert "<b>Yours is on.</b>" in as_ana.get(PAGE).text
    assert "Second factor: on." in as_ana.get("/accounts/settings/").text

    client = Client()
    first = sign_in(client, next="/articles/new/")
    assert (first.status_code, first["Location"]) == (303, SECOND)
    assert client.get("/")["Location"] == f"{SIGN_IN}?next=/"  # not yet
    wrong = client.post(SECOND, {"code": "000000"})
    assert wrong.status_code == 422
    assert "That did not work. Try again with a new code, or the passkey again." in wrong.text
    done = client.post(SECOND, {"code": code_of(secret)})
    assert (done.status_code, done["Location"]) == (303, "/articles/new/")
    assert client.get("/").status_code == 200


def test_wrong_code_sets_nothing_up(as_ana, ana):
    confirm(as_ana, APP)
    secret = re.search(r'secret">(\w+)<', as_ana.get(APP).text)[1]
    refused = as_ana.post(APP, {"code": "000000"})
    assert refused.status_code == 422
    assert secret in refused.text  # the same: the app has it by now
    assert not Authenticator.objects.exists()


def test_recovery_code_lets_in_once_and_is_shown_once(as_ana, ana):
    _, codes = set_up(as_ana)
    again = as_ana.get(f"{PAGE}codes/").text
    assert "They were shown once already" in again
    assert codes[0] not in again
    found = []
    for _ in range(2):
        client = Client()
        sign_in(client)
        found.append(client.post(SECOND, {"code": codes[0]}).status_code)
    assert found == [303, 422]

    assert as_ana.post(f"{PAGE}codes/new/")["Location"] == f"{PAGE}codes/"
    new = re.findall(r"<code>(\d+)</code>", as_ana.get(f"{PAGE}codes/").text)
    assert len(new) == 10
    assert set(new).isdisjoint(codes)


def test_codes_that_are_tried_are_limited(ana, secret):
    client = Client()
    sign_in(client)
    found = [client.post(SECOND, {"code": "000000"}).status_code for _ in range(6)]
    assert found == [422] * 5 + [429]


@pytest.mark.parametrize("page", ["app/off/", "codes/new/", "passkeys/add/"])
def test_changes_ask_for_the_password_again(ana, secret, page):
    asked = with_second(secret).get(f"{PAGE}{page}")
    assert asked["Location"].startswith("/accounts/confirm/?next=")


def test_a_session_from_before_changes_nothing_with_the_password_alone(ana, secret):
    before = Client()
    before.force_login(ana)
    asked = before.get(f"{APP}off/")
    assert asked["Location"].startswith("/accounts/confirm/code/?next=")
    around = before.post("/accounts/confirm/", {"password": PASSWORD, "next": f"{APP}off/"})
    assert around["Location"].startswith("/accounts/confirm/code/?next=")
    assert before.get(f"{APP}off/")["Location"] == asked["Location"]


def test_app_is_removed_and_other_sessions_end(ana, secret):
    here, there = with_second(secret), with_second(secret)
    confirm(here, f"{APP}off/")
    done = here.post(f"{APP}off/")
    assert (done.status_code, done["Location"]) == (303, PAGE)
    assert "<b>You have none.</b>" in here.get(PAGE).text
    assert not Authenticator.objects.exists()
    assert there.get("/").status_code == 302
    assert sign_in(Client())["Location"] == "/"


# --- Where the site asks for it -------------------------------------------------------------


def test_reviewer_is_not_asked(client, ana, required):
    assert sign_in(client)["Location"] == "/"


@pytest.mark.parametrize("person", ["mo", "ada"])
def test_who_moderates_is_led_to_set_one_up(client, request, article, required, person):
    request.getfixturevalue(person)
    first = sign_in(client, username=person, next="/admin/")
    assert first["Location"] == PAGE
    said = "Moderating needs a second factor. Set one up here, then go on."
    assert said in client.get(PAGE).text
    for address in ("/admin/", "/admin/queue/", "/reviews/", "/articles/import/"):
        assert client.get(address)["Location"] == PAGE
    assert client.get("/").status_code == 200
    assert client.get(f"/articles/{article.pk}/").status_code == 200
    htmx = client.get("/reviews/", headers={"HX-Request": "true"})
    assert (htmx.status_code, htmx.text) == (403, "Moderating needs your second factor.")

    set_up(client)
    assert client.get("/admin/").status_code == 200
    assert client.get("/reviews/").status_code == 200


def test_superuser_is_led_too(client, ana, required):
    ana.is_superuser = ana.is_staff = True
    ana.save()
    assert sign_in(client)["Location"] == PAGE
    assert client.get("/admin/")["Location"] == PAGE


def test_without_it_a_moderator_sees_what_a_reviewer_sees(client, mo, ana, article, required):
    from tests.factories import make_article

    draft = make_article("A draft", "Not for others.", submitted_by=ana, status="draft")
    client.force_login(mo)
    assert client.get(f"/articles/{draft.pk}/").status_code == 404
    set_up(client)
    assert client.get(f"/articles/{draft.pk}/").status_code == 200


def test_open_stream_is_told_what_a_reviewer_is(mo, article, required):
    session = SessionStore()
    session.create()
    request = HttpRequest()
    request.session, request.user = session, mo
    login(request, mo)
    session.save()
    access = access_of(session, mo, article)
    assert access.sees_all
    assert [one.sees_all for one in check([access])] == [False]


def test_session_from_before_has_to_show_it(mo, required):
    owner, before = Client(), Client()
    for client in (owner, before):
        client.force_login(mo)
    secret, _ = set_up(owner)
    asked = before.get("/admin/")
    assert asked["Location"] == "/accounts/confirm/code/?next=%2Fadmin%2F"
    assert before.get(asked["Location"]).status_code == 200
    shown = before.post(asked["Location"], {"code": code_of(secret), "next": "/admin/"})
    assert (shown.status_code, shown["Location"]) == (303, "/admin/")
    assert before.get("/admin/").status_code == 200


def test_who_signs_in_with_it_moderates(client, mo, required):
    setting_up = Client()
    setting_up.force_login(mo)
    secret, _ = set_up(setting_up)
    sign_in(client, username="mo", next="/admin/")
    done = client.post(SECOND, {"code": code_of(secret)})
    assert done["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_where_everybody_is_asked_nobody_reads_without_it(
    client, ana, article, settings, transactional_db
):
    settings.SECOND_FACTOR = "everybody"
    story = f"/articles/{article.pk}/"
    assert sign_in(client, next=story)["Location"] == PAGE
    said = "This site needs a second factor. Set one up here, then go on."
    assert said in client.get(PAGE).text
    assert client.get("/")["Location"] == PAGE
    assert client.get(story)["Location"] == PAGE
    for headers in ({"HX-Request": "true"}, {"Accept": "text/event-stream"}):
        refused = client.get(f"{story}live/", headers=headers)
        assert (refused.status_code, refused.text) == (
            403,
            "This site needs your second factor.",
        )
    assert client.get("/healthz/").status_code == 200
    assert client.get("/accounts/settings/").status_code == 200

    set_up(client)
    assert client.get(story).status_code == 200


def test_after_a_day_it_is_to_be_shown_again(client, mo, required):
    client.force_login(mo)
    set_up(client)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 23 * 3_600
    session.save()
    assert client.get("/admin/").status_code == 200
    for record in session["account_authentication_methods"]:
        record["at"] -= 3_600
    session.save()
    assert client.get("/admin/")["Location"] == "/accounts/confirm/code/?next=%2Fadmin%2F"
    assert client.get("/").status_code == 200


def test_a_new_password_by_mail_leads_not_around_it(client, ana, secret, mailoutbox):
    ana.email = "ana@example.org"
    ana.save()
    client.post("/accounts/password/reset/", {"email": ana.email})
    link = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    form = client.get(link)["Location"]
    new = "a quite different one"
    client.post(form, {"new_password1": new, "new_password2": new})
    assert client.get("/").status_code == 302
    assert sign_in(client, password=new)["Location"] == SECOND


def test_who_removes_it_moderates_no_more(client, mo, required):
    client.force_login(mo)
    set_up(client)
    client.post(f"{APP}off/")
    assert client.get("/admin/")["Location"] == PAGE


def test_asking_costs_no_query(client, mo, required, django_assert_num_queries):
    client.force_login(mo)
    set_up(client)
    with django_assert_num_queries(2):  # the session, the person
        client.get("/articles/import/")


# --- A lost device --------------------------------------------------------------------------


def test_command_removes_it_and_ends_the_sessions(ana, secret, capsys):
    client = Client()
    client.force_login(ana)
    call_command("remove_second_factor", "ana")
    assert capsys.readouterr().out == "Removed the second factor of “ana”.\n"
    assert not Authenticator.objects.exists()
    assert client.get("/").status_code == 302
    with pytest.raises(CommandError, match=r"^“ana” has no second factor\.$"):
        call_command("remove_second_factor", "ana")
    with pytest.raises(CommandError, match=r"^There is no user “nobody”\.$"):
        call_command("remove_second_factor", "nobody")


def remove_in_admin(client, person):
    return client.post(
        "/admin/accounts/user/",
        {"action": "remove_second_factor", "_selected_action": [person.pk]},
        follow=True,
    )


def test_admin_removes_it_and_the_log_says_so(client, ada, ana, secret):
    client.force_login(ada)
    page = remove_in_admin(client, ana)
    assert "The second factor of ana is removed." in page.text
    assert not Authenticator.objects.exists()
    [entry] = LogEntry.objects.all()
    assert (entry.user, entry.object_repr) == (ada, "ana")
    assert entry.get_change_message() == "Removed the second factor."
    [line] = AuditEntry.objects.filter(person=ana, kind="factor")
    assert (line.by, line.before, line.after) == (
        ada,
        {"second factor": True},
        {"second factor": False},
    )
    assert "There is no second factor of ana." in remove_in_admin(client, ana).text
    assert AuditEntry.objects.filter(kind="factor").count() == 1
    assert [*differences()] == []


def test_admin_does_not_remove_a_superusers(client, ada, ana, secret):
    ana.is_superuser = True
    ana.save()
    client.force_login(ada)
    assert "You may not change ana." in remove_in_admin(client, ana).text
    assert Authenticator.objects.exists()


def test_moderator_does_not_remove_it(client, mo, ana, secret):
    client.force_login(mo)
    remove_in_admin(client, ana)
    assert Authenticator.objects.exists()


def test_secrets_are_not_in_the_admin(client, ana, secret):
    ana.is_superuser = ana.is_staff = True
    ana.save()
    client.force_login(ana)
    for address in ("mfa/authenticator/", "account/emailaddress/", "usersessions/usersession/"):
        assert client.get(f"/admin/{address}").status_code == 404


def test_there_are_no_other_addresses_of_allauth(client, db):
    for address in ("signup/", "email/", "login/", "social/signup/"):
        assert client.get(f"/accounts/{address}").status_code == 404
