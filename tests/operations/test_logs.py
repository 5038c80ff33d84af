"""What a log line says, of which request it is, and what it never says."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, OperationalError, connection, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from annotate.accounts.models import User
from annotate.operations.logs import JsonFormatter, TextFormatter, request_id
from tests.factories import PASSWORD

log = logging.getLogger("tests")


@pytest.fixture
def written():
    """What is logged, the requests' lines too, as the formatters of production write it."""
    root, requests = logging.getLogger(), logging.getLogger("annotate.requests")
    before = requests.level
    streams = {}
    for formatter in (TextFormatter(), JsonFormatter()):
        handler = logging.StreamHandler(io.StringIO())
        handler.setFormatter(formatter)
        streams[type(formatter)] = handler
        root.addHandler(handler)
    requests.setLevel(logging.INFO)
    yield lambda kind: streams[kind].stream.getvalue()
    requests.setLevel(before)
    for handler in streams.values():
        root.removeHandler(handler)


@pytest.fixture
def lines(written) -> Callable[[], list[dict]]:
    return lambda: [json.loads(line) for line in written(JsonFormatter).splitlines()]


@pytest.fixture
def text(written) -> Callable[[], str]:
    return lambda: written(TextFormatter)


def test_id_of_a_request_is_kept_if_it_is_sane(client, db, lines):
    answer = client.get("/healthz/", headers={"X-Request-ID": "Proxy_1-a"})
    assert answer["X-Request-ID"] == "Proxy_1-a"
    assert [line["request"] for line in lines()] == ["Proxy_1-a"]


@pytest.mark.parametrize("given", [None, "", "a b", "a\nb", "é", "x" * 65, 'a"'])
def test_id_of_a_request_is_made_otherwise(client, db, lines, given):
    headers = {} if given is None else {"X-Request-ID": given}
    made = [client.get("/healthz/", headers=headers)["X-Request-ID"] for _ in range(2)]
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in made)
    assert made[0] != made[1]
    assert [line["request"] for line in lines()] == made


def test_line_of_a_request(client, ana, article, lines, text):
    client.force_login(ana)
    answer = client.get(f"/articles/{article.pk}/?view=mine")
    (line,) = lines()
    assert re.fullmatch(
        rf"GET /articles/{article.pk}/ 200 \d+\.\d ms person {ana.pk}", line.pop("message")
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line.pop("milliseconds") > 0
    assert line == {
        "level": "INFO",
        "logger": "annotate.requests",
        "request": answer["X-Request-ID"],
        "method": "GET",
        "route": "article",
        "status": 200,
        "person": ana.pk,
    }
    beginning = f"INFO annotate.requests {answer['X-Request-ID']}: GET /articles/"
    assert text().count("\n") == 1
    assert beginning in text()


def test_line_of_a_request_costs_no_query(client, ana, lines, django_assert_num_queries):
    client.force_login(ana)
    with django_assert_num_queries(1):
        client.get("/healthz/")
    assert [line["person"] for line in lines()] == [None]


def test_refused_requests_have_one_line(client, ana, lines):
    client.force_login(ana)
    client.get("/nowhere%0Ato%1b[31m/be/found/")
    (line,) = lines()
    assert line["message"].startswith("GET /nowhere to [31m/be/found/ 404 ")
    assert (line["status"], line["route"]) == (404, None)


def test_a_host_that_somebody_makes_up_is_no_error(client, db, lines):
    client.raise_request_exception = False
    assert client.get("/", headers={"Host": "["}).status_code == 400
    assert [(line["logger"], line["level"]) for line in lines()] == [
        ("annotate.requests", "INFO")
    ]


def test_requests_have_no_lines_unless_they_are_wanted(client, db, text, settings):
    assert settings.LOGGING["loggers"]["annotate.requests"] == {"level": "WARNING"}
    logging.getLogger("annotate.requests").setLevel(logging.WARNING)
    client.get("/healthz/")
    assert text() == ""


def test_every_line_of_a_failed_request_has_its_id(client, ana, lines):
    client.force_login(ana)
    client.raise_request_exception = False
    connection.close()
    real = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere/to/be/found"
    try:
        answer = client.get("/")
    finally:
        connection.settings_dict["HOST"] = real
    found = lines()
    assert {line["request"] for line in found} == {answer["X-Request-ID"]}
    # No traceback of Django's for each page: it is one trouble, and none of the code.
    assert [line["logger"] for line in found] == ["annotate.views", "annotate.requests"]
    assert found[0]["message"] == "The database did not answer: the connection is closed"
    assert found[1]["status"] == 503


def test_what_an_exception_says_is_left_out(ana, lines, text):
    try:
        try:
            with transaction.atomic():
                User.objects.create(username="ana", public_name="A secret name")
        except IntegrityError:
            raise ValueError("A secret note") from None
    except ValueError:
        log.exception("It failed")
    error = lines()[0]["error"]
    assert error.endswith("\nbuiltins.ValueError")
    assert 'raise ValueError("A secret' in error  # our source, which is no secret
    try:
        with transaction.atomic():
            User.objects.create(username="ana", public_name="Another")
    except IntegrityError:
        log.exception("It failed")
    error = lines()[1]["error"]
    assert "\npsycopg.errors.UniqueViolation\n" in error
    assert error.endswith("\ndjango.db.utils.IntegrityError")
    assert "(ana)" not in error
    assert error in text()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationalError("connection refused\n\tIs it up?"), ": connection refused Is it up?"),
        (
            OSError(28, "No space left on device", "ana's notes.txt"),
            ": No space left on device",
        ),
        (KeyError("A secret"), ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_troubles_of_the_database_and_the_system_are_told(lines, error, told):
    log.error("It failed", exc_info=error)
    kind = f"{type(error).__module__}.{type(error).__name__}"
    assert lines()[0]["error"] == f"{kind}{told}"


def test_in_development_everything_is_told():
    record = logging.makeLogRecord({"exc_info": (None, KeyError("A note"), None)})
    assert "builtins.KeyError: 'A note'" in TextFormatter(tell_all=True).format(record)


def test_message_stays_on_one_line(lines, text):
    request_id.set("")
    log.warning("One\r\n\ttwo\x1b[31m “three”\n")
    assert lines()[0]["message"] == "One two [31m “three”"
    assert text().endswith(" WARNING tests -: One two [31m “three”\n")


def test_link_for_a_new_password_is_not_in_the_log(client, ana, lines, text):
    number = urlsafe_base64_encode(force_bytes(ana.pk))
    token = default_token_generator.make_token(ana)
    client.get(reverse("password_reset_confirm", args=[number, token]))
    assert token not in text()
    assert lines()[0]["message"].startswith("GET /accounts/password/reset/…/…/ 302 ")


def test_nothing_of_what_people_are_and_write_is_in_the_log(
    client, ana, ben, article, written, settings
):
    ana.email = "ana@news.example"
    ana.save()
    name = "a-name-of-nobody"
    client.post(reverse("sign_in"), {"username": name, "password": "a-wrong-password"})
    client.post(reverse("sign_in"), {"username": "ana", "password": PASSWORD})
    client.post(reverse("password_reset"), {"email": ana.email})
    client.get("/?q=sought-words")
    tag = {"start": 0, "end": 5, "label": "claim", "note": "a-written-note"}
    client.post(reverse("annotate", args=[article.pk]), tag)
    client.post(reverse("new_thread", args=[article.pk]), {**tag, "text": "a-comment @ben"})
    client.post(reverse("annotate", args=[article.pk]), {**tag, "label": "a-made-up-label"})
    client.get(f"/annotations/{article.annotations.get().pk}/")
    for kind in (TextFormatter, JsonFormatter):
        said = written(kind)
        assert said.count("annotate.requests") == 8
        assert f"person {ana.pk}" in said
        secrets = [name, "wrong-password", PASSWORD, "news.example", "sought-words", "127.0.0"]
        secrets += ["written-note", "a-comment", "made-up", article.title, article.text[:5]]
        assert [one for one in secrets if one in said] == []
        assert not re.search(r"\b(ana|ben)\b", said)
