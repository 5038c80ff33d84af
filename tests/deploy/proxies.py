"""The site over HTTPS behind the proxies of deploy/, as they stand but for ports and paths.

Needs caddy, nginx and openssl. Two web processes, and the proxy before them, on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.processes import (
    ROOT,
    Web,
    database_user,
    free_port,
    query,
    wait_until,
)

HOST = "annotate.example"
HTTPS = {
    "SECRET_KEY": "for tests only " * 4,
    "ALLOWED_HOSTS": HOST,
    "HTTPS": "1",
    "TRUSTED_PROXIES": "1",
}
STORY = 4  # a sample story in which ana has no tag


class Loopback(AbstractResolver):
    """Finds every host here."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        here = {"host": "127.0.0.1", "hostname": host, "port": port}
        return [ResolveResult(**here, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Proxied:
    """The site as people reach it."""

    webs: list[Web]
    https: int
    http: int
    password: str
    database: str

    @property
    def base(self) -> str:
        return f"https://{HOST}:{self.https}"

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[aiohttp.ClientSession]:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connector = aiohttp.TCPConnector(ssl=trusting, resolver=Loopback())
        patience = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(connector=connector, timeout=patience) as session:
            yield session

    async def post(
        self, session: aiohttp.ClientSession, path: str, **options: object
    ) -> aiohttp.ClientResponse:
        """Send what a form sends: with the token and where it stands."""
        token = next(one.value for one in session.cookie_jar if "csrftoken" in one.key)
        headers = {"X-CSRFToken": token, "Origin": self.base, "Referer": self.base + path}
        headers |= options.pop("headers", {})
        return await session.post(self.base + path, headers=headers, **options)

    async def sign_in(self, session: aiohttp.ClientSession, **headers: str) -> None:
        path = "/accounts/sign-in/"
        (await session.get(self.base + path)).close()
        data = {"username": "ana", "password": self.password}
        answer = await self.post(session, path, data=data, headers=headers)
        assert answer.status == 200
        assert "id_password" not in await answer.text()


# --- The proxies -----------------------------------------------------------------------------
def replaced(text: str, changes: dict[str, str]) -> str:
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


def caddy(folder: Path, webs: list[Web], https: int, http: int) -> list[str]:
    """Return the command that starts Caddy with deploy/Caddyfile."""
    options = f"""{{
        admin off
        local_certs
        skip_install_trust
        storage file_system {folder}/storage
        https_port {https}
        http_port {http}
    """
    text = (ROOT / "deploy/Caddyfile").read_text()
    (folder / "Caddyfile").write_text(re.sub(r"^\{\n", options, text, count=1, flags=re.M))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def nginx(folder: Path, webs: list[Web], https: int, http: int) -> list[str]:
    """Return the command that starts nginx with deploy/nginx.conf."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={HOST}", "-keyout", "privkey.pem", "-out", "fullchain.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    changes = {
        "/etc/letsencrypt/live/annotate.example/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "/srv/annotate/templates": str(ROOT / "templates"),
        "127.0.0.1:8001": f"127.0.0.1:{webs[0].port}",
        "127.0.0.1:8002": f"127.0.0.1:{webs[1].port}",
        "listen 443 ": f"listen 127.0.0.1:{https} ",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "    listen [::]:443 ssl http2;\n": "",
        "    listen [::]:80;\n": "",
    }
    site = replaced((ROOT / "deploy/nginx.conf").read_text(), changes)
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(
        f"""daemon off; master_process off; pid {folder}/pid; error_log stderr;
        events {{}}
        http {{
            include /etc/nginx/mime.types;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            include {folder}/site.conf;
        }}"""
    )
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


@contextmanager
def running(command: list[str], folder: Path, webs: list[Web]) -> Iterator[None]:
    variables = {
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/bin",
        "HOME": str(folder),
        "ANNOTATE_ADDRESS": HOST,
        "ANNOTATE_WEB": " ".join(f"127.0.0.1:{one.port}" for one in webs),
        "ANNOTATE_WEB_LAST": f"127.0.0.1:{webs[-1].port}",
        "ANNOTATE_PAGES": str(ROOT / "templates"),
    }
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def version(data: Path, home: Path) -> Path:
    """Return the data directory of a version: the static files, and one that is its own."""
    shutil.copytree(home / "static", data / "static")
    (data / f"static/css/{data.name}.0123456789ab.css").write_text("")
    return data


@pytest.fixture(scope="module", params=[caddy, nginx], ids=lambda proxy: proxy.__name__)
def proxied(request, first_used_home, tmp_path_factory) -> Iterator[Proxied]:
    proxy: Callable[..., list[str]] = request.param
    assert shutil.which(proxy.__name__, path="/usr/sbin:/usr/bin"), proxy.__name__
    folder = tmp_path_factory.mktemp(proxy.__name__)
    home = first_used_home
    people = (line.split() for line in (home / "sign-in.txt").read_text().splitlines() if line)
    password = next(secret for name, secret, _ in people if name == "ana")
    with ExitStack() as stack:
        database = stack.enter_context(database_user(home)).url
        webs = []
        for name in ("new", "old"):
            data = version(folder / name, home)
            webs.append(Web(data, DATABASE_URL=database, **HTTPS))
            stack.callback(webs[-1].stop)
        https, http = free_port(), free_port()
        command = proxy(folder, webs, https, http)
        stack.enter_context(running(command, folder, webs))
        site = Proxied(webs, https, http, password, database)
        wait_until(lambda: run(status(site, "/healthz/")) == 200)
        yield site


def run[T](coroutine: Coroutine[None, None, T]) -> T:
    return asyncio.run(coroutine)


async def status(site: Proxied, path: str) -> int:
    try:
        async with site.browser() as session, session.get(site.base + path) as answer:
            return answer.status
    except aiohttp.ClientError:
        return 0


# --- What they do ----------------------------------------------------------------------------
def test_what_is_inside_stays_inside(proxied):
    assert run(status(proxied, "/metrics/")) == 404
    assert run(status(proxied, "/readyz/")) == 404


def test_http_leads_to_https(proxied):
    async def ask() -> tuple[int, str]:
        address = f"http://{HOST}:{proxied.http}/articles/4/?q=x"
        async with (
            proxied.browser() as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            return answer.status, answer.headers["Location"]

    code, place = run(ask())
    assert code in (301, 308)
    assert place.replace(f":{proxied.https}", "") == f"https://{HOST}/articles/4/?q=x"


def test_pages_are_compressed_once_and_named_by_the_proxy(proxied):
    async def ask() -> None:
        headers = {"X-Request-ID": "made-up"}
        async with (
            proxied.browser() as session,
            session.get(f"{proxied.base}/accounts/sign-in/", headers=headers) as answer,
        ):
            assert answer.headers["Content-Encoding"] == "gzip"
            page = await answer.text()
            assert "<h1>" in page
            given = answer.headers["X-Request-ID"]
            assert re.fullmatch(r"[0-9a-f-]{32,36}", given)
            style = re.search(r'href="(/static/css/app\.[^"]+)"', page)[1]
        async with (
            proxied.browser() as session,
            session.get(proxied.base + style) as answer,
        ):
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers["Content-Encoding"] == "gzip"

    run(ask())


def test_both_versions_files_are_there_during_an_upgrade(proxied):
    for name in ("new", "old") * 4:
        assert run(status(proxied, f"/static/css/{name}.0123456789ab.css")) == 200
    assert run(status(proxied, "/static/css/none.0123456789ab.css")) == 404


def test_the_address_of_a_client_is_the_one_it_comes_from(proxied):
    async def ask() -> None:
        async with proxied.browser() as session:
            made_up = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
            await proxied.sign_in(session, **made_up)

    run(ask())
    [(address,)] = query(
        proxied.database,
        "SELECT host(ip) FROM usersessions_usersession ORDER BY id DESC LIMIT 1",
    )
    assert address == "127.0.0.1"


def test_a_stream_hears_of_a_tag_at_once(proxied):
    async def ask() -> None:
        async with proxied.browser() as session:
            await proxied.sign_in(session)
            page = await (await session.get(f"{proxied.base}/articles/{STORY}/")).text()
            start, end = re.findall(r'data-start="(\d+)" data-end="(\d+)"', page)[2]
            address = f"{proxied.base}/articles/{STORY}/live/"
            async with asyncio.timeout(20), session.get(address) as stream:
                assert stream.content_type == "text/event-stream"
                assert "Content-Encoding" not in stream.headers
                await anext(event(stream, "seen"))
                label = ("claim", "evidence", "speculation")[proxied.https % 3]
                data = {"start": start, "end": end, "label": label}
                path = f"/articles/{STORY}/annotations/"
                answer = await proxied.post(session, path, data=data)
                assert answer.status == 200
                await anext(event(stream, "seen"))

    run(ask())


async def event(stream: aiohttp.ClientResponse, name: str) -> AsyncIterator[bytes]:
    async for line in stream.content:
        if line.strip() == f"event: {name}".encode():
            yield line


@pytest.mark.parametrize(
    ("path", "megabytes", "code", "words"),
    [
        ("/articles/new/", 11, 422, "The file is larger than 10,000,000 bytes"),
        ("/articles/new/", 13, 413, "This is larger than anything that can be put in here."),
        ("/articles/import/", 13, 403, ""),  # reviewers may not; the proxy would let it through
        ("/articles/import/", 56, 413, "This is larger than anything that can be put in here."),
    ],
)
def test_what_is_too_large_is_refused_with_a_page(proxied, path, megabytes, code, words):
    async def ask() -> tuple[int, str]:
        async with proxied.browser() as session:
            await proxied.sign_in(session)
            form = aiohttp.FormData({"step": "read"})
            form.add_field("file", b"a" * megabytes * 1_000_000, filename="story.txt")
            # With leave to send: who is cut off while sending may not hear the answer.
            answer = await proxied.post(session, path, data=form, expect100=True)
            return answer.status, await answer.text()

    found, page = run(ask())
    assert found == code, page[:500]
    assert words in page
    assert page.count("<h1") == 1


def test_while_one_process_restarts_the_other_answers(proxied):
    one = proxied.webs[0]
    one.stop()
    try:
        answers = [run(status(proxied, "/accounts/sign-in/")) for _ in range(10)]
    finally:
        one.start()
    assert answers == [200] * 10
    assert run(status(proxied, "/accounts/sign-in/")) == 200


def test_while_no_process_answers_a_page_says_so(proxied):
    async def ask() -> tuple[int, str | None, str]:
        async with proxied.browser() as session, session.get(proxied.base) as answer:
            return answer.status, answer.headers.get("Retry-After"), await answer.text()

    for web in proxied.webs:
        web.stop()
    try:
        code, when, page = run(ask())
    finally:
        for web in proxied.webs:
            web.start()
    assert (code, when) == (503, "2")
    assert "<h1>Back in a moment</h1>" in page
    wait_until(lambda: run(status(proxied, "/healthz/")) == 200)


def test_signing_in_again_and_again_is_slowed_down(proxied, request):
    if request.node.callspec.id == "caddy":
        pytest.skip("Caddy has no such limit; the site's own holds")

    async def ask() -> set[int]:
        address = f"{proxied.base}/accounts/sign-in/"
        async with proxied.browser() as session:
            sent = [session.post(address, data={"username": "x"}) for _ in range(90)]
            return {answer.status for answer in await asyncio.gather(*sent)}

    assert run(ask()) == {403, 429}  # without a token, so that no attempt is counted
