"""Failed sign-ins and the like are limited, by name and by address, for five minutes."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client

from tests.accounts.test_passwords import NEW, change, reset
from tests.accounts.test_sign_in import SIGN_IN, sign_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
BY_NAME, BY_ADDRESS = 5, 30


def fail(client, times, **fields) -> list[int]:
    return [sign_in(client, password="wrong", **fields).status_code for _ in range(times)]


def five_minutes_pass() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_cache SET expires = expires - interval '5 minutes'")


def test_too_many_wrong_passwords_for_one_name_are_refused(client, ana, ben):
    assert fail(client, BY_NAME + 1) == [422] * BY_NAME + [429]

    refused = sign_in(client)  # the right one
    assert (refused.status_code, refused["Retry-After"]) == (429, "300")
    assert "<h1>Too many attempts</h1>" in refused.text
    assert "Wait five minutes, then try again." in refused.text
    assert sign_in(Client(REMOTE_ADDR="198.51.100.7")).status_code == 429
    assert sign_in(Client(), username="ben").status_code == 303

    five_minutes_pass()
    assert sign_in(client).status_code == 303


def test_a_name_of_nobody_is_limited_alike(client, db):
    assert fail(client, BY_NAME + 1, username="nobody") == [422] * BY_NAME + [429]


def test_too_many_wrong_passwords_from_one_address_are_refused(client, ana):
    found = [code for n in range(BY_ADDRESS + 1) for code in fail(client, 1, username=f"n{n}")]
    assert found == [422] * BY_ADDRESS + [429]
    assert sign_in(client).status_code == 429
    assert sign_in(Client(REMOTE_ADDR="198.51.100.7")).status_code == 303


def test_a_right_password_does_not_count(client, ana):
    for _ in range(BY_NAME + 1):
        assert sign_in(Client()).status_code == 303


@pytest.mark.parametrize(
    ("proxies", "status"), [(0, 429), (1, 303)], ids=["no proxy is trusted", "one is"]
)
def test_address_behind_a_proxy(client, ana, settings, proxies, status):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies

    def from_client(address: str) -> dict:
        return {"headers": {"X-Forwarded-For": f"203.0.113.1, {address}"}}

    for n in range(BY_ADDRESS):
        body = {"username": f"n{n}", "password": "wrong"}
        client.post(SIGN_IN, body, **from_client("198.51.100.1"))
    body = {"username": "ana", "password": PASSWORD}
    assert client.post(SIGN_IN, body, **from_client("198.51.100.2")).status_code == status


def test_passwords_that_are_tried_at_the_change_are_limited(as_ana):
    found = [change(as_ana, old_password="wrong").status_code for _ in range(6)]
    assert found == [422] * 5 + [429]
    assert change(as_ana).status_code == 429
    assert not authenticate(username="ana", password=NEW)


def test_mails_for_a_new_password_are_limited(client, ana, mailoutbox):
    ana.email = "ana@example.org"
    ana.save()
    found = [reset(client, email).status_code for email in ["ana@example.org"] * 5]
    assert found == [303] * 5
    assert reset(client, "ANA@example.org").status_code == 429
    assert len(mailoutbox) == 5


def test_passwords_that_are_tried_at_a_confirmation_are_limited(as_ana):
    page = "/accounts/confirm/"
    found = [as_ana.post(page, {"password": "wrong"}) for _ in range(6)]
    assert [one.status_code for one in found] == [422] * 5 + [429]
    assert "That is not your password." in found[0].text
    assert as_ana.post(page, {"password": PASSWORD}).status_code == 429


def test_nothing_of_a_person_is_written_to_the_log(client, ana, caplog):
    fail(client, BY_NAME + 1)
    assert "ana" not in caplog.text
    assert "127.0.0.1" not in caplog.text
