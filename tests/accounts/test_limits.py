"""Failed sign-ins and the like are limited, by name and by address, for five minutes."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client

from annotate.accounts import limits
from annotate.accounts.limits import Buckets
from annotate.annotations import actions as tagging
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


# --- What else costs ------------------------------------------------------------------------


def ten_minutes_pass() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_cache SET expires = expires - interval '10 minutes'")


def test_what_costs_is_done_so_often_by_each_person(as_ana, ben, article, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "exports": 2, "searches": 1}
    address = f"/articles/{article.pk}/export/csv/"
    assert [as_ana.get(address).status_code for _ in range(3)] == [200, 200, 429]
    refused = as_ana.get(address)
    assert 590 < int(refused["Retry-After"]) <= 600
    said = "This was tried too often in a short time. Wait 10 minutes, then try again."
    assert f'<div id="message"><p>{said}</p></div>' in refused.text
    assert as_ana.get("/?q=mayor").status_code == 200  # counted apart
    assert as_ana.get("/?q=mayor").status_code == 429
    assert as_ana.get("/").status_code == 200
    other = Client()
    other.force_login(ben)
    assert other.get(address).status_code == 200

    ten_minutes_pass()
    assert as_ana.get(address).status_code == 200


@pytest.mark.parametrize(
    ("limit", "address", "fields"),
    [
        ("comments", "/articles/{article}/threads/new/?start=0&end=5", {"text": "A question"}),
        ("stories", "/articles/new/", {"step": "read", "text": "A pasted text."}),
        ("stories", "/articles/new/", {"title": "A story", "text": "A sentence."}),
        ("flags", "/annotations/{tag}/flag/", {"reason": "spam", "text": "It is."}),
    ],
)
def test_what_was_typed_is_not_lost(
    client, mo, ben, article, claim, settings, limit, address, fields
):
    tag = tagging.annotate(article=article, reviewer=ben, label=claim, start=0, end=5)
    address = address.format(article=article.pk, tag=tag.annotation.pk)
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, limit: 1}
    client.force_login(mo)
    codes = [client.post(address, fields) for _ in range(2)]
    assert [one.status_code == 429 for one in codes] == [False, True]
    assert f'dir="auto">{fields["text"]}</textarea>' in codes[1].text


def test_joining_and_cutting_is_not_counted(as_ana, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "stories": 1}
    fields = {"title": "A story", "text": "One. Two.", "join": "5"}
    assert {as_ana.post("/articles/new/", fields).status_code for _ in range(3)} == {200}


def test_nothing_is_counted_without_a_limit(as_ana, settings, django_assert_max_num_queries):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "searches": 0}
    for _ in range(3):
        assert as_ana.get("/?q=mayor").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_cache WHERE cache_key LIKE 'limit:%'")
        assert cursor.fetchone() == (0,)


def test_a_bucket_of_requests_is_for_hands_and_not_for_programs():
    fast, program = Buckets(), Buckets()
    rate = 20
    for step in range(15 * 600):  # fifteen a second for ten minutes
        assert fast.take(1, rate=rate, now=step / 15)
    done = [program.take(1, rate=rate, now=step / 200) for step in range(200 * 60)]
    assert abs(done.count(True) - rate * 360) <= 1  # what it held, and what came in
    assert program.take(2, rate=rate, now=60)
    assert program.take(1, rate=rate, now=70)


def test_requests_without_an_end_are_refused(as_ana, settings, monkeypatch):
    settings.REQUESTS_PER_SECOND = 0.01  # three at once
    monkeypatch.setattr(limits, "buckets", Buckets())
    codes = [as_ana.get("/guideline/").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    assert as_ana.get("/healthz/").status_code == 200
