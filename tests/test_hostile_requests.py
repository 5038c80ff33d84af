"""No address answers 5xx or takes long, whatever query, form, header or body is sent to it.

A few examples here, always the same; `make fuzz` asks for thousands, each time others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import quote_from_bytes

import pytest
from django.db import transaction
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import PASSWORD
from tests.test_admin_crawl import MODELS, addresses, things  # noqa: F401
from tests.test_permissions import TABLE, places  # noqa: F401

LONG = "FUZZ_EXAMPLES" in os.environ  # tests/fuzz sets it
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 12)
SECONDS = 20  # far more than any answer takes, on a machine that is busy with other tests

HOSTILE = [
    *[b"", b" ", b"\0", b"a\0b", b"0", b"-1", b"1", b"2147483648", b"9223372036854775808"],
    *[b"1" + b"0" * 30, b"9" * 5000, b"1e309", b"nan", b"-Infinity", b"1_0", b"0x10"],
    *[b"\xd9\xa1", b"\xff\xfe", b"\xed\xa0\x80", "\u202eabc\u2066".encode()],
    *["\u0627\u0644".encode(), b"true", b"null", b"[]", b"{}", b"None", b"undefined"],
    *[b"a" * 3000, "🧑‍🤝‍🧑".encode() * 50, b"'\"><script>", b"%", b"%%s", b"{{ 7 }}"],
    *[b"../../etc/passwd", b"javascript:alert(1)", b"2017-11-14", b"0000-00-00"],
    *[b"9999-12-31T23:59", b"10000-01-01", b"0001-01-01", b"25:61", b"\r\nSet-Cookie: a=b"],
    *[b"all", b"on", b"1,2,3", b"1 2 3", b"1:1", b"1:" + b"9" * 40],
    *[b"00000000-0000-0000-0000-000000000000", b"claim", b"ana", b"e\xcc\x81" * 200],
    *[b"//a.b/", b"http://[", b"\xef\xbb\xbf", b"\x1b[31m", b"\xc2\x85", b"\xe2\x80\xa8"],
    *[b"_" * 200],
]
# What the admin's lists and pages are asked by, and what our pages are.
QUERY = [
    *["q", "o", "p", "all", "page", "e", "_popup", "_to_field", "_changelist_filters"],
    *["next", "app_label", "model_name", "field_name", "term", "_facets", "since", "start"],
    *["end", "pk", "status__exact", "id__exact", "article__id__exact", "by__id__exact"],
    *["when__gte", "sentence", "created_at__gte", "created_at__year", "label__id__exact"],
    *["groups__id__exact", "id__in", "pk__isnull", "is_active__exact", "text__regex"],
    *["a__b__c", "sort", "view", "reveal", "mode"],
]
CONTENT_TYPES = [
    *["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"],
    *["application/json", "multipart/form-data"],
    *["multipart/form-data; boundary=" + "b" * 300, "text/plain", "", "/"],
    *["application/x-www-form-urlencoded; charset=utf-7"],
    *["multipart/form-data; boundary=\xff"],
    *["application/x-www-form-urlencoded; charset=none", "multipart/mixed; boundary=b"],
]
HEADERS = [
    *["HX-Request", "HX-Target", "HX-Current-URL", "HX-Trigger", "HX-Boosted", "Referer"],
    *["X-Request-ID", "Accept", "Accept-Encoding", "Accept-Language", "X-Forwarded-For"],
    *["Range", "If-Modified-Since", "If-None-Match", "Last-Event-ID", "User-Agent"],
    *["X-CSRFToken", "Host", "HX-Current-URL-URI-AutoEncoded", "Content-Encoding"],
    *["X-Forwarded-Proto", "Origin"],
]


# --- What can be asked ------------------------------------------------------------------------


@dataclass
class Site:
    """What the site answers, by method and address, and the fields of its forms."""

    addresses: list[tuple[str, str]]
    clients: list[Client]
    fields: dict[str, dict[str, list[bytes]]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    answered: int = 0


class Forms(HTMLParser):
    """Finds where the forms of a page lead to, and their fields with the values they offer."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, list[bytes]]] = {}
        self.page = self.action = page
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action") or self.page
        for name in ("hx-post", "formaction"):
            if given.get(name):
                self.fields.setdefault(str(given[name]), {})
        name = given.get("name")
        if tag == "select":
            self.select = name or ""
        if tag == "option":
            name = self.select
        if name and tag in ("input", "select", "textarea", "button", "option"):
            values = self.fields.setdefault(self.action, {}).setdefault(name, [])
            written = "Some words." if tag == "textarea" else ""
            values.append((given.get("value") or written).encode())


def forms_of(address: str, *clients: Client) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    """Yield where the forms of a page lead to, and their fields, as the first sees who may."""
    for client in clients:
        with transaction.atomic():
            page = client.get(address)
            transaction.set_rollback(True)
        if page.status_code == 200 and "text/html" in page["Content-Type"]:
            parser = Forms(address)
            parser.feed(page.text)
            for action, fields in parser.fields.items():
                yield action.partition("?")[0], fields
            return


def forms() -> Iterator[type[BaseForm]]:
    waiting = [BaseForm]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        yield one


@pytest.fixture
def site(request, things, places, ana, mo, ada):  # noqa: F811
    request.getfixturevalue("settings").ACCOUNT_REAUTHENTICATION_TIMEOUT = 1_000_000
    ada.is_superuser = True  # every page of the admin
    ada.save()
    clients = [Client(raise_request_exception=False) for _ in range(4)]
    for client, person in zip(clients[1:], (ana, mo, ada), strict=True):
        client.force_login(person)
        # Or some pages would ask for the password first.
        assert client.post("/accounts/confirm/", {"password": PASSWORD}).status_code == 303
    asked = {}  # as an ordered set
    for method, name, _ in TABLE:
        name, _, draft = name.partition(" ")
        kwargs = places[name][bool(draft)] if name in places else None
        asked[method, reverse(name, kwargs=kwargs)] = None
    for model in MODELS:
        for _, address in addresses(model):
            asked |= {("GET", address): None, ("POST", address): None}
    for name in ("index", "login", "logout", "password_change", "autocomplete", "jsi18n"):
        asked["GET", reverse(f"admin:{name}")] = None
    site = Site(list(asked), clients)
    _, ana_s, _, ada_s = clients
    names = {name for one in forms() for name in getattr(one, "base_fields", {})}
    for method, address in site.addresses:
        if method == "GET" and not address.endswith(("/history/", "/delete/")):
            for action, values in forms_of(address, ada_s, ana_s):
                known = site.fields.setdefault(action, {})
                for name, offered in values.items():
                    known.setdefault(name, []).extend(offered[:20])
                    names.add(name)
    site.names = sorted(names)
    yield site
    print(f"\n#{site.answered}")  # for tests/fuzz


# --- What is asked ----------------------------------------------------------------------------

hostile = (
    st.sampled_from(HOSTILE)
    | st.text(max_size=30).map(lambda one: one.encode("utf-8", "surrogatepass"))
    | st.binary(max_size=20)
)


def encoded(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(
        quote_from_bytes(name).encode() + b"=" + quote_from_bytes(value).encode()
        for name, value in pairs
    )


def multipart(pairs: list[tuple[bytes, bytes]], file_name: bytes) -> bytes:
    parts = []
    for name, value in pairs:
        file = b'; filename="%s"' % file_name if name == b"file" else b""
        head = b'--b\r\nContent-Disposition: form-data; name="%s"%s' % (name, file)
        parts.append(head + b"\r\n\r\n" + value)
    return b"\r\n".join([*parts, b"--b--\r\n"])


@st.composite
def pairs(draw: st.DrawFn, fields: dict[str, list[bytes]], names: list[str]):
    """Return the fields of a form as offered, but some hostile, doubled or left out."""
    sent = [(name, draw(st.sampled_from(values or [b"1"]))) for name, values in fields.items()]
    for name, _ in draw(st.lists(st.sampled_from(sent), max_size=3)) if sent else []:
        sent = [one for one in sent if one[0] != name]
        sent += [(name, value) for value in draw(st.lists(hostile, max_size=2))]
    if draw(st.booleans()):
        sent.append((draw(st.sampled_from(names)), draw(hostile)))
    return [(name.encode(), value) for name, value in sent]


@st.composite
def bodies(draw: st.DrawFn, fields: dict[str, list[bytes]], names: list[str]):
    """Return a body with its content type: mostly a form, sometimes nothing like one."""
    sent = draw(pairs(fields, names))
    kind = draw(st.sampled_from(["form", "form", "form", "parts", "parts", "wrong", "bytes"]))
    if kind == "form":
        return encoded(sent), CONTENT_TYPES[0]
    if kind == "parts":
        file_name = draw(
            st.sampled_from([b"", b"a.txt", b"a.md", b"a.jsonl", b"\xff.txt", b"../a.txt"])
        )
        return multipart(sent, file_name), CONTENT_TYPES[1]
    body = encoded(sent) if kind == "wrong" else draw(st.binary(max_size=60))
    return body, draw(st.sampled_from(CONTENT_TYPES))


@st.composite
def requests(draw: st.DrawFn, site: Site):
    """Return who asks, the method, the address, and what else `Client.generic` takes."""
    method, path = draw(st.sampled_from(site.addresses))
    if draw(st.integers(0, 19)) == 0:
        method = draw(st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]))
    fields = site.fields.get(path, {})
    if draw(st.integers(0, 5)) == 0:  # a part of it is another one
        parts = path.split("/")
        at = draw(st.integers(1, len(parts) - 1))
        parts[at] = draw(
            hostile.map(quote_from_bytes) | st.sampled_from(["%", "%zz", "%ff", "..", "0"])
        )
        path = "/".join(parts)
    query = b""
    if draw(st.booleans()):
        names = st.sampled_from([*QUERY, *fields, *site.names]).map(str.encode)
        query = encoded(draw(st.lists(st.tuples(names | hostile, hostile), max_size=5)))
    if method == "GET" and fields:
        query = b"&".join([query, encoded(draw(pairs(fields, site.names)))])
    if draw(st.integers(0, 9)) == 0:
        query += b"&%zz=%&=&&;" + draw(st.binary(max_size=10))
    sent = {"QUERY_STRING": query.decode("latin-1"), "data": b""}
    if method in ("POST", "PUT"):
        sent["data"], sent["content_type"] = draw(bodies(fields, site.names))
        if draw(st.integers(0, 19)) == 0:
            sent["CONTENT_LENGTH"] = draw(st.sampled_from(["", "-1", "x", "3", "99999999"]))
    headers = {"HX-Request": "true"} if draw(st.integers(0, 2)) == 0 else {}
    for name in draw(st.lists(st.sampled_from(HEADERS), max_size=2)):
        headers[name] = draw(hostile).decode("latin-1")
    if draw(st.integers(0, 29)) == 0:
        name = draw(st.sampled_from(["sessionid", "csrftoken", "messages", "a"]))
        headers["Cookie"] = f"{name}={draw(hostile).decode('latin-1')}"
    return (
        draw(st.sampled_from([0, 1, 1, 2, 2, 3, 3, 3, 3])),
        method,
        path,
        sent | {"headers": headers},
    )


def ask(site: Site, who: int, method: str, path: str, sent: dict):
    """Send a request and read all of the answer, in a transaction that is taken back."""
    client = Client(raise_request_exception=False)
    if "Cookie" not in sent["headers"]:
        client.cookies.update(dict(site.clients[who].cookies.items()))
    site.answered += 1
    started = time.monotonic()
    with transaction.atomic():
        # Not the client's own, which does not let an answer ask for more than there is.
        response = client.generic(method, path, **sent, **{"wsgi.input": BytesIO(sent["data"])})
        if response.streaming:
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    took = time.monotonic() - started
    if error := getattr(response, "exc_info", None):
        raise AssertionError(f"{method} {path} answered {response.status_code}") from error[1]
    assert response.status_code < 500
    assert took < SECONDS
    return response


def ask_for_all_at_once(site: Site) -> None:
    """Open the pages with each name that any page asks for, all of one hostile value."""
    pages = [path for method, path in site.addresses if method == "GET"]
    for path in pages if LONG else pages[::10]:
        for value in HOSTILE if LONG else [b"a\0b"]:
            names = {*QUERY, *site.fields.get(path, {})}
            query = encoded([(name.encode(), value) for name in sorted(names)]).decode()
            for who in (1, 3):
                ask(site, who, "GET", path, {"QUERY_STRING": query, "data": b"", "headers": {}})


def test_no_request_makes_the_site_stumble(site):
    ask_for_all_at_once(site)

    @settings(
        max_examples=EXAMPLES,
        derandomize=not LONG,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(data=st.data())
    def ask_at_random(data: st.DataObject) -> None:
        for _ in range(3):
            ask(site, *data.draw(requests(site)))

    ask_at_random()
