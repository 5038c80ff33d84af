"""The log has a line for each way in that was tried, with numbers of people and no names."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from tests.accounts.test_passwords import change
from tests.accounts.test_second_factor import APP, SECOND, code_of, set_up
from tests.accounts.test_sign_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """What was logged, without the names of those who do it in this test."""
    caplog.set_level(logging.INFO, "annotate.security")

    def since() -> list[tuple[str, int | None]]:
        found = [
            (record.fields["event"], record.fields["person"])
            for record in caplog.records
            if record.name == "annotate.security"
        ]
        assert "ana" not in caplog.text.replace("annotate", "").replace("tests", "")
        caplog.clear()
        return found

    return since


def test_signing_in_and_out_and_failing(client, ana, lines):
    sign_in(client, password="wrong")
    assert lines() == [("sign-in refused", None)]
    sign_in(client)
    assert ("signed in", ana.pk) in lines()
    change(client)
    assert lines() == [("password changed", ana.pk)]
    client.post("/accounts/sign-out/")
    assert lines() == [("signed out", ana.pk)]


@pytest.mark.django_db(transaction=True)  # it is told after the commit
def test_the_second_factor(as_ana, ana, lines):
    secret, _ = set_up(as_ana)
    told = lines()
    assert told[0] == ("confirmed: password", ana.pk)
    assert set(told[1:]) == {
        ("shown: mfa totp", ana.pk),
        ("second factor added: totp", ana.pk),
        ("second factor added: recovery_codes", ana.pk),
    }
    client = Client()
    sign_in(client)
    assert lines() == []
    client.post(SECOND, {"code": "000000"})
    client.post(SECOND, {"code": code_of(secret)})
    assert lines() == [("shown: mfa totp", ana.pk), ("signed in", ana.pk)]
    as_ana.post(f"{APP}off/")
    removed = [event for event, _ in lines() if event.startswith("second factor removed")]
    assert removed[0] == "second factor removed or renewed: totp"


def test_what_is_tried_too_often(client, ana, lines):
    for _ in range(6):
        sign_in(client, password="wrong")
    assert lines()[-1] == ("refused: too often", None)
