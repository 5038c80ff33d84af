"""Where somebody is signed in, and ending it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotate.accounts.session_store import SessionStore
from annotate.accounts.sessions import BEGUN, browser_of, end_sessions, sessions_of
from tests.accounts.test_passwords import change
from tests.accounts.test_sign_in import SIGN_IN, sign_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
SETTINGS = "/accounts/settings/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)


def signed_in(user_agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": user_agent})
    assert sign_in(client).status_code == 303
    return client


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def key(client: Client) -> str:
    return client.cookies["sessionid"].value


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("", "Another program"),
        ("curl/8", "Another program"),
    ],
)
def test_browsers_have_names(user_agent, name):
    assert browser_of(user_agent) == name


def test_settings_show_where_one_is_signed_in(ana, ben, labels):
    here, there = signed_in(), signed_in(SAFARI)
    sign_in(Client(), username="ben")
    page = here.get(SETTINGS).text
    assert page.count("<b>Firefox on Linux</b> (here)") == 1
    assert page.count("<b>Safari on iPhone</b> <span") == 1
    assert page.count("from 127.0.0.1") == 3  # with the name of the one button
    assert key(here) not in page
    assert key(there) not in page


def confirmed(client: Client, address: str):
    """Post to an address that asks for the password first, and is done after it."""
    asked = client.post(address)
    assert asked["Location"] == f"/accounts/confirm/?next={address.replace('/', '%2F')}"
    return client.post(asked["Location"], {"password": PASSWORD, "next": address})


def test_one_session_can_be_ended(ana, labels):
    here, there = signed_in(), signed_in(SAFARI)
    safari = next(one for one in sessions_of(ana) if one.browser == "Safari on iPhone")
    response = confirmed(here, f"/accounts/sessions/{safari.pk}/end/")
    assert (response.status_code, response["Location"]) == (303, f"{SETTINGS}#sessions")
    assert "That session has ended." in here.get(SETTINGS).text
    assert (is_in(here), is_in(there)) == (True, False)


def test_nobody_ends_the_session_of_somebody_else(as_ana, ben):
    client = Client()
    sign_in(client, username="ben")
    [session] = sessions_of(ben)
    assert confirmed(as_ana, f"/accounts/sessions/{session.pk}/end/").status_code == 404
    assert is_in(client)


def test_all_others_can_be_ended(ana, labels):
    here, there, older = signed_in(), signed_in(SAFARI), Client()
    older.force_login(ana)  # without a note, as one from before they were kept
    response = confirmed(here, "/accounts/sessions/end/")
    assert (response.status_code, response["Location"]) == (303, f"{SETTINGS}#sessions")
    assert "You are signed out everywhere else." in here.get(SETTINGS).text
    assert [is_in(one) for one in (here, there, older)] == [True, False, False]
    ana.refresh_from_db()
    assert [one.key for one in sessions_of(ana)] == [key(here)]


def test_all_can_be_ended(ana, ben):
    clients = [signed_in(), signed_in(SAFARI), Client()]
    clients[-1].force_login(ana)
    other = Client()
    other.force_login(ben)
    assert end_sessions(ana) == 2
    assert [is_in(one) for one in clients] == [False] * 3
    assert is_in(other)
    assert sessions_of(ana) == []
    assert sign_in(clients[0]).status_code == 303
    assert is_in(clients[0])


def test_one_can_be_kept_from_outside(ana):
    kept, other = signed_in(), signed_in(SAFARI)
    assert end_sessions(ana, keep=key(kept)) == 1
    assert (is_in(kept), is_in(other)) == (True, False)


def test_a_changed_password_ends_the_others(ana):
    here, there = signed_in(), signed_in(SAFARI)
    change(here)
    assert (is_in(here), is_in(there)) == (True, False)
    ana.refresh_from_db()
    [left] = sessions_of(ana)
    assert (left.browser, left.key) == ("Firefox on Linux", key(here))


def test_who_signed_out_is_not_shown(ana):
    client = signed_in()
    client.post("/accounts/sign-out/")
    assert sessions_of(ana) == []
    assert client.get(SIGN_IN).status_code == 200


def test_sessions_that_are_over_are_forgotten_at_the_next_sign_in(ana):
    for _ in range(20):
        signed_in().post("/accounts/sign-out/")
    signed_in()
    assert UserSession.objects.count() == 1


def test_signing_in_costs_the_same_with_many_sessions(ana):
    costs = []
    for more in (1, 5):
        for _ in range(more):
            signed_in()
        with CaptureQueriesContext(connection) as queries:
            signed_in()
        costs.append(len(queries))
    assert len(set(costs)) == 1


def test_queries_do_not_grow_with_sessions(ana, django_assert_num_queries):
    for _ in range(3):
        signed_in()
    assert Session.objects.count() == 3
    with django_assert_num_queries(2):
        assert len(sessions_of(ana)) == 3


# --- How long one lasts ---------------------------------------------------------------------


def hours_pass(client: Client, hours: float) -> None:
    """As if the client's session had begun, and been used last, so much earlier."""
    session = client.session
    end = session.get_expiry_date() - timedelta(hours=hours)
    session[BEGUN] -= int(hours * 3_600)
    session.set_expiry(end)
    session.save()
    Session.objects.filter(pk=session.session_key).update(expire_date=end)


def test_a_session_that_is_not_used_ends(ana):
    client = signed_in()
    hours_pass(client, 71)
    assert is_in(client)
    hours_pass(client, 73)
    assert not is_in(client)


def test_a_session_that_is_used_ends_two_weeks_after_its_sign_in(ana):
    client = signed_in()
    days = 0
    while days < 30 and is_in(client):
        hours_pass(client, 48)
        days += 2
    assert days == 14


def test_its_end_is_put_off_once_an_hour(as_ana):
    def writes() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert is_in(as_ana)
        return sum("UPDATE" in query["sql"] for query in queries)

    assert writes() == 0
    hours_pass(as_ana, 0.9)
    assert writes() == 0
    hours_pass(as_ana, 0.2)
    assert writes() == 1
    assert writes() == 0


def test_confirming_gives_the_session_another_key(ana, labels):
    client, thief = signed_in(), Client()
    thief.cookies["sessionid"] = before = key(client)
    assert is_in(thief)
    client.post("/accounts/confirm/", {"password": PASSWORD})
    assert key(client) != before
    assert (is_in(client), is_in(thief)) == (True, False)
    assert "(here)" in client.get(SETTINGS).text


def test_a_cookie_that_no_session_can_have_is_none(client, labels):
    response = client.get("/", headers={"Cookie": r'sessionid="\000aaaaaaaaaa"'})
    assert (response.status_code, response["Location"]) == (302, f"{SIGN_IN}?next=/")


def test_a_session_is_read_as_django_stored_it_until_it_expires():
    stored = db.SessionStore()
    stored["colour"] = "blue"
    stored.save()
    assert SessionStore(stored.session_key)["colour"] == "blue"

    Session.objects.update(expire_date=timezone.now())
    over = SessionStore(stored.session_key)
    assert "colour" not in over
    assert over.session_key is None  # whoever sent it gets a new one


def test_a_key_that_nobody_was_given_opens_no_session():
    made_up = SessionStore("a" * 32)
    assert "colour" not in made_up
    made_up["colour"] = "red"
    made_up.save()
    assert made_up.session_key != "a" * 32
