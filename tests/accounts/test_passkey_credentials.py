"""What a browser sends of a passkey, made up: refused in words, whatever it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.factories import PASSWORD

SAID = "That did not work. Try again with a new code, or the passkey again."
MORE = "/accounts/second-factor/passkeys/add/"


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


CLIENT_DATA = {"type": "webauthn.get", "challenge": "AAAA", "origin": "http://testserver"}
CREDENTIAL = {
    "id": coded(b"x" * 16),
    "rawId": coded(b"x" * 16),
    "type": "public-key",
    "clientExtensionResults": {},
    "response": {
        "clientDataJSON": coded(json.dumps(CLIENT_DATA).encode()),
        "authenticatorData": coded(bytes(37)),
        "signature": coded(b"s" * 70),
        "userHandle": coded(b"1"),
        "attestationObject": coded(
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58\x25" + bytes(37)
        ),
    },
}
HOSTILE = [1, "é", [], coded(b"null")]
NOT_READ = ["[" * 100_000, "9" * 5_000, "{", '"\\ud800"', json.dumps({**CREDENTIAL, "a": "\0"})]


def made_up(credential: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an object with each of its fields missing, or another thing."""
    for name, value in credential.items():
        yield {key: one for key, one in credential.items() if key != name}
        for other in [*HOSTILE, *(made_up(value) if isinstance(value, dict) else ())]:
            yield {**credential, name: other}


@pytest.fixture
def sent(settings):
    settings.MFA_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS = False
    whole = [*HOSTILE, CREDENTIAL, *made_up(CREDENTIAL)]
    return [*NOT_READ, *(json.dumps(one) for one in whole)]


def test_nobody_signs_in_by_a_made_up_answer(client: Client, labels, sent):
    client.get("/accounts/sign-in/passkey/", headers={"X-Requested-With": "XMLHttpRequest"})
    for credential in sent:
        response = client.post("/accounts/sign-in/passkey/", {"credential": credential})
        assert (response.status_code, response["Location"]) == (303, "/accounts/sign-in/")
    assert SAID in client.get("/accounts/sign-in/").text


def test_no_made_up_passkey_is_added(as_ana: Client, labels, sent):
    as_ana.post("/accounts/confirm/", {"password": PASSWORD})
    assert as_ana.get(MORE).status_code == 200
    for credential in [*NOT_READ, *sent[::4]]:  # each answer is a page
        response = as_ana.post(MORE, {"name": "Key", "credential": credential})
        assert response.status_code == 422
    assert SAID in response.text
