"""Every address is asked what an attacker would ask; headers and cookies: tests/answers.py."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django import forms
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from tests.answers import faults_of
from tests.test_permissions import TABLE, places  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parent.parent
MARK = "zq7zq\"'<i>"
# How it may come back: as text of HTML, in an address, inside JSON of a page.
SAFE = re.compile(r"zq7zq(?:&quot;|%22|\\u0022|\\\")")
ELSEWHERE = "//elsewhere.example/"
# What a page may write although it is only looked at: sessions, and counts of attempts.
WRITES = re.compile(r"INSERT|UPDATE|DELETE")
HARMLESS = re.compile(r'"(?:django_session|accounts_cache|account_\w+|usersessions_\w+)"')


def names_of_fields() -> set[str]:
    """Return the names of all fields of forms, and those that views read of an address."""
    found = {"o", "sort", "page", "show", "view", "since", "page_size", "_changelist_filters"}
    waiting = list(forms.BaseForm.__subclasses__())
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.startswith(("annotate", "django.contrib.auth", "allauth")):
            found.update(getattr(one, "base_fields", {}))
    return found


@pytest.fixture
def asked(places) -> list[tuple[str, str]]:  # noqa: F811
    """Method and address of everything in the table of permissions, each once."""
    found = {}
    for method, name, _ in TABLE:
        name, _, draft = name.partition(" ")
        kwargs = places[name][0] if name in places else None
        if not draft:
            found[method, reverse(name, kwargs=kwargs)] = None
    return list(found)


def ask(client: Client, method: str, address: str, data: dict) -> HttpResponse:
    with transaction.atomic():
        response = getattr(client, method.lower())(address, data)
        if not response.streaming:
            response.content  # noqa: B018 - made now, in here
        transaction.set_rollback(True)
    return response


def test_nothing_that_is_sent_comes_back_as_markup_or_leads_elsewhere(asked, ada, client):
    get_resolver().url_patterns  # noqa: B018 - loads all forms
    sent = {**dict.fromkeys(names_of_fields(), MARK), "next": ELSEWHERE}
    assert {"q", "text", "title", "note", "reason"} <= sent.keys()
    client.force_login(ada)
    session = dict(client.cookies.items())
    open_to_all = [
        reverse(name) for name in ("sign_in", "password_reset", "mfa_login_webauthn")
    ]
    wrong, echoed = [], 0
    for method, address in asked:
        known = [session] if address not in open_to_all else [session, {}]
        for person in known:
            one = Client()
            one.cookies.update(person)
            response = ask(one, method, address, sent)
            html = response.headers.get("Content-Type", "").startswith("text/html")
            text = response.text if html and not response.streaming else ""
            found = text.count("zq7zq")
            echoed += found
            if len(SAFE.findall(text)) != found:
                wrong.append(f"{method} {address} echoes {text[text.find('zq7zq') :][:30]!r}")
            leads = response.headers.get("Location", "")
            if leads.replace("http:", "").replace("https:", "").startswith("//"):
                wrong.append(f"{method} {address} leads to {leads}")
    assert wrong == []
    assert echoed > 20  # forms show what was typed


def test_looking_changes_nothing_and_every_page_has_a_way_out(asked, ada, client):
    client.force_login(ada)
    ways_out = [f'action="{reverse(name)}"' for name in ("sign_out", "admin:logout")]
    written, lost = [], []
    for method, address in asked:
        if method == "POST":
            continue
        with CaptureQueriesContext(connection) as queries:
            response = ask(client, "GET", address, {})
        changes = [one["sql"] for one in queries if WRITES.match(one["sql"])]
        written += [f"{address}: {sql[:90]}" for sql in changes if not HARMLESS.search(sql)]
        page = "" if response.streaming else response.text
        if response.status_code == 200 and "<h1" in page:
            lost += [] if any(way in page for way in ways_out) else [address]
    assert (written, lost) == ([], [])


def test_every_form_needs_its_token(asked, ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    answers = {
        address: ask(client, "POST", address, {}).status_code
        for method, address in asked
        if method == "POST"
    }
    assert len(answers) > 40
    assert {address: code for address, code in answers.items() if code != 403} == {}


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "TRACK"])
def test_other_methods_are_refused(client, db, method):
    for address in ("/healthz/", "/", "/accounts/sign-in/", "/static/mark.svg", "/none/"):
        response = client.generic(method, address, headers={"X-Secret": "s3cret"})
        assert response.status_code == 405
        assert "s3cret" not in response.text
        assert faults_of(response, address) == []


def test_a_method_is_what_it_says(as_ana, article):
    address = reverse("article", kwargs={"pk": article.pk})
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert as_ana.get(address, headers={header: "POST"}).status_code == 200


ERRORS = [
    ("/no/such/page/", 404, {}),
    ("/static/no-such-file", 404, {}),
    ("/.git/config", 404, {}),
    ("/static/../manage.py", 404, {}),
    ("/static/", 404, {}),
    ("/", 400, {"Host": "elsewhere.example"}),
    ("/articles/%00/", 404, {}),
]


@pytest.mark.parametrize(("address", "status", "headers"), ERRORS)
def test_errors_have_the_same_headers_and_tell_nothing(client, db, address, status, headers):
    response = client.get(address, headers=headers)
    assert response.status_code == status
    assert faults_of(response, address) == []
    for secret in ("Traceback", "annotate/", "Django", "elsewhere", str(ROOT)):
        assert secret not in response.text


def test_a_failure_tells_nothing_and_has_the_same_headers(as_ana, monkeypatch):
    from annotate.articles import views

    def fail(*args, **kwargs):
        raise ValueError("s3cret of the server")

    monkeypatch.setattr(views, "list_articles", fail)
    as_ana.raise_request_exception = False
    response = as_ana.get("/")
    assert response.status_code == 500
    assert "<h1>Something broke on our side</h1>" in response.text
    assert "s3cret" not in response.text
    assert faults_of(response, "/") == []


def test_a_static_file_is_for_everybody_and_runs_nothing(client, db):
    response = client.get("/static/mark.svg")
    assert response.status_code == 200
    kept = [one for one in faults_of(response, "/static/mark.svg") if "may be kept" not in one]
    assert kept == []


@pytest.mark.parametrize(
    ("fetch", "status"),
    [
        ({"Site": "cross-site", "Mode": "navigate", "Dest": "document"}, 200),
        ({"Site": "cross-site", "Mode": "navigate", "Dest": "iframe"}, 403),
        ({"Site": "cross-site", "Mode": "no-cors", "Dest": "image"}, 403),
        ({"Site": "cross-site", "Mode": "cors", "Dest": "empty"}, 403),
        ({"Site": "same-origin", "Mode": "cors", "Dest": "empty"}, 200),
        ({"Site": "none", "Mode": "navigate", "Dest": "document"}, 200),
        ({}, 200),
    ],
)
def test_what_another_site_may_load(as_ana, fetch, status):
    headers = {f"Sec-Fetch-{name}": value for name, value in fetch.items()}
    response = as_ana.get("/", headers=headers)
    assert response.status_code == status
    assert faults_of(response, "/") == []


# --- Over HTTPS ----------------------------------------------------------------------------
ASK = """
import json
import django
django.setup()
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS.append("annotate.example")
plain = Client().get("/accounts/sign-in/", headers={"Host": "annotate.example"})
page = Client().get(
    "/accounts/sign-in/",
    headers={"Host": "annotate.example", "X-Forwarded-Proto": "https"},
)
print(json.dumps({
    "leads": plain["Location"],
    "hsts": page["Strict-Transport-Security"],
    "cookies": [one.OutputString() for one in page.cookies.values()],
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE],
    "messages": settings.MESSAGE_STORAGE,
}))
"""


def test_over_https_cookies_belong_to_this_host_alone():
    environment = {
        **os.environ,
        "SECRET_KEY": "a long key made of fifty characters or more: 0123456789-abcdefghij",
        "HTTPS": "1",
        "DEBUG": "1",  # static files as they are
        "DJANGO_SETTINGS_MODULE": "annotate.settings",
    }
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["leads"] == "https://annotate.example/accounts/sign-in/"
    assert found["hsts"] == "max-age=31536000; includeSubDomains; preload"
    [token] = found["cookies"]
    assert token.startswith("__Host-csrftoken=")
    assert "Secure" in token
    assert "Path=/" in token
    assert "Domain" not in token
    assert found["session"] == ["__Host-sessionid", True]
    assert found["messages"] == "annotate.headers.SecureMessages"
