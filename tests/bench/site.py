"""A person at the running site, and the CPU time that their requests cost."""

from __future__ import annotations

import gzip
import re
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import urlencode

import psutil
from django.db import connection

from tests.factories import PASSWORD

from .stories import Wanted


class Cost(NamedTuple):
    """CPU seconds a request: of the server, and of the database for it (None: elsewhere)."""

    server: float
    database: float | None


class Person:
    """Somebody signed in, on one connection that stays open, as a browser's does."""

    def __init__(self, port: int, name: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.get("/accounts/sign-in/")
        sent = {"username": name, "password": PASSWORD}
        status = self.post("/accounts/sign-in/", sent, form=True)[0]
        assert status in (302, 303), f"signing in answered {status}"

    def get(self, path: str, *, script: bool = False) -> str:
        """Read a page, or what the page's script asks for."""
        headers = {"HX-Request": "true"} if script else None
        status, page = self._ask("GET", path, headers=headers)
        assert status == 200, f"{path} answered {status}"
        return page

    def post(self, path: str, fields: dict, *, form: bool = False) -> tuple[int, str]:
        """Send a plain form, or what the page's script sends."""
        token = self.cookies["csrftoken"]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if form:
            fields = {**fields, "csrfmiddlewaretoken": token}
        else:
            headers.update({"X-CSRFToken": token, "HX-Request": "true"})
        return self._ask("POST", path, urlencode(fields), headers)

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: dict | None = None
    ) -> tuple[int, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        always = {"Cookie": cookies, "Accept-Encoding": "gzip, deflate"}
        for last_try in (False, True):
            try:
                self.connection.request(method, path, body, {**always, **(headers or {})})
                response = self.connection.getresponse()
                break
            except ConnectionError:  # the server closes those that were idle for 5 s
                self.connection.close()
                if last_try:
                    raise
        self._keep_cookies(response)
        data = response.read()
        if response.getheader("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return response.status, data.decode()

    def _keep_cookies(self, response: HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value


class Tagger:
    """Tags passages of a story, each with what the page knew last, as its script does."""

    def __init__(self, person: Person, article: int) -> None:
        self.person = person
        self.article = article
        self.latest = self._latest_in(person.get(f"/articles/{article}/"))

    def tag(self, wanted: Wanted) -> None:
        fields = {**wanted._asdict(), "request": uuid.uuid4(), "since": self.latest}
        status, answer = self.person.post(f"/articles/{self.article}/annotations/", fields)
        assert status == 200, f"a tag was answered {status}: {answer}"
        self.latest = self._latest_in(answer)

    @staticmethod
    def _latest_in(page: str) -> int:
        found = re.search(r'data-latest="(\d+)"', page)
        assert found, page
        return int(found[1])


class Meter:
    """Reads the CPU time of the server's process and of its database connections."""

    def __init__(self, server: int, database: Any = connection) -> None:
        self.server = server
        self.database = database  # a connection to the one that the server uses

    def cost(self, work: Callable[[], int]) -> Cost:
        """Return the cost of each of the requests of `work`, which answers their number."""
        backends, server = self._backends(), cpu_seconds(self.server)
        number = work()
        spent = cpu_seconds(self.server) - server
        after = self._backends()
        database = sum(used - backends.get(pid, 0.0) for pid, used in after.items())
        return Cost(spent / number, database / number if after else None)

    def _backends(self) -> dict[int, float]:
        """Return the CPU seconds of each connection of others to this database."""
        statement = """
            SELECT pid FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend'
                   AND pid <> pg_backend_pid()
        """
        with self.database.cursor() as cursor:
            cursor.execute(statement)
            pids = [pid for (pid,) in cursor.fetchall()]
        found = {}
        for pid in pids:
            with suppress(psutil.NoSuchProcess):  # the database is on another machine
                if psutil.Process(pid).name().startswith("postgres"):
                    found[pid] = cpu_seconds(pid)
        return found


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used, all its threads together."""
    if psutil.LINUX:
        # The kernel's clock of another process: nanoseconds, where psutil has hundredths.
        return time.clock_gettime(~pid << 3 | 2)
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system
