"""The processes of a site of several web processes, and what keeps them running.

As systemd would: a process that ends is started again. The database is the embedded one, which
one process watches, as `make run` does.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from tests.processes import ROOT, environment, free_port, postgres_processes, postmaster
from tests.proxy import Proxy

FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
RESTART = 0.2  # seconds until what ended is started again
# Python's own sleep fails under libfaketime, so the process that starts the database is not.
KEEPER = """
import os, sys
from annotate import embedded
os.environ["LD_PRELOAD"] = os.environ.get("PRELOAD_OF_DATABASE", "")
embedded.prepare_environment()
embedded.watch()
sys.stdin.read()
"""
SECRET = "of this run of faults alone: not secret at all 0123456789"


@dataclass
class Daemon:
    """A process that is started again whenever it has ended."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def send(self, number: int) -> None:
        if self.process and not self.ended():
            self.process.send_signal(number)

    def pid(self) -> int:
        return self.process.pid if self.process else 0


class Site:
    """`webs` web processes over one database. `front` leads to any of them."""

    def __init__(self, home: Path, webs: int, **variables: str) -> None:
        self.home = home
        # A crowd that works without a pause would be told to wait before a long run is over.
        free = "comments=0,flags=0,searches=0"
        self.variables = {"SECRET_KEY": SECRET, "RATE_LIMITS": free, **variables}
        self.database = self.url("postgres")
        self.clock = home / "clock"
        self.set_clock("+0")
        self.variables |= {
            "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_CACHE_DURATION": "1",  # seconds
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.keeper = self.daemon("database", [sys.executable, "-c", KEEPER], database=False)
        self.keeper.environment["PRELOAD_OF_DATABASE"] = "".join(map(str, FAKETIME[:1]))
        self.ports = [free_port() for _ in range(webs)]
        self.webs: list[Daemon] = []  # none until there is something to serve
        self.more: list[Daemon] = []  # a worker
        self.front = Proxy(self.ports)
        # Between the web processes and the database.
        self.network = Proxy(
            [f"{home}/postgres/.s.PGSQL.5432"], path=f"{home}/network/.s.PGSQL.5432"
        )
        self.keeping = True

    def url(self, place: str) -> str:
        host = quote(f"{self.home}/{place}", safe="")
        return f"postgresql://postgres@/annotate?host={host}"

    def set_clock(self, offset: str) -> None:
        """Have all processes but this one see another time, as libfaketime writes it."""
        draft = self.clock.with_suffix(".new")
        draft.write_text(f"{offset}\n")
        draft.chmod(0o644)  # the database runs as another user
        draft.replace(self.clock)

    def daemon(self, name: str, command: list[str], *, database: bool = True) -> Daemon:
        variables = dict(self.variables)
        if database:
            variables["DATABASE_URL"] = self.url("network")
        given = environment(self.home, **variables)
        return Daemon(name, command, given, self.home / f"{name}.log")

    def web(self, port: int) -> Daemon:
        uvicorn = [sys.executable, "-m", "uvicorn", "annotate.asgi:application"]
        options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
        stop = ["--timeout-graceful-shutdown", "5", "--http", "h11", "--loop", "asyncio"]
        daemon = self.daemon(f"web-{port}", [*uvicorn, *options, *stop])
        daemon.environment["LD_PRELOAD"] = "".join(map(str, FAKETIME[:1]))
        return daemon

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Site]:
        (self.home / "network").mkdir(exist_ok=True)
        supervisor = asyncio.create_task(self.supervise())
        await self.front.start()
        await self.network.start()
        try:
            yield self
        finally:
            self.keeping = False
            supervisor.cancel()
            self.resume()
            for daemon in [*self.webs, *self.more]:
                daemon.send(signal.SIGKILL)
            if not self.keeper.ended():
                await asyncio.to_thread(self.keeper.process.communicate)

    async def supervise(self) -> None:
        while True:
            for daemon in [self.keeper, *self.webs, *self.more]:
                if self.keeping and daemon.ended():
                    daemon.start()
            await asyncio.sleep(RESTART)

    async def serve(self) -> None:
        self.webs = [self.web(port) for port in self.ports]
        await self.healthy()

    async def healthy(self, seconds: float = 60) -> None:
        """Return once every web process is well. Raises TimeoutError after so many seconds."""
        for port in self.ports:
            await until(lambda port=port: status(port) == 200, seconds)

    # --- The database ------------------------------------------------------------------------
    def postmaster(self) -> int | None:
        return postmaster(self.home)

    def backend(self, dice: random.Random) -> psutil.Process | None:
        """Return a process of the database that is not its postmaster."""
        first = self.postmaster()
        others = [one for one in postgres_processes(self.home) if one.pid != first]
        return dice.choice(others) if others else None

    def pause(self) -> None:
        """Stop the database where it stands. Its postmaster first: it makes no more then."""
        for _ in range(2):
            found = sorted(postgres_processes(self.home), key=lambda one: one.pid)
            for process in found:
                with suppress(psutil.Error):
                    process.suspend()

    def resume(self) -> None:
        for process in postgres_processes(self.home):
            with suppress(psutil.Error):
                process.resume()

    def ask(self, query: str) -> list[tuple]:
        with psycopg.connect(self.database, connect_timeout=5) as connection:
            return connection.execute(query).fetchall()

    def errors(self) -> list[str]:
        """Return what the processes complained of, with where it was raised."""
        texts = [log.read_text() for log in self.home.glob("*.log")]
        starts = r"(?=^\d{4}-\d\d-\d\dT)"  # of a line that begins with a time
        lines = [one for text in texts for one in re.split(starts, text, flags=re.M)]
        # The database was away, and the process that watches it says so.
        return [
            one for one in lines if " ERROR " in one[:40] and "annotate.embedded" not in one
        ]

    def last_words(self) -> list[str]:
        """Return the end of what each process said."""
        return [f"{log.name}: {log.read_text()[-1_000:]}" for log in self.home.glob("*.log")]

    # --- What it uses ------------------------------------------------------------------------
    def usage(self) -> dict[str, int]:
        """Return the most that a web process uses, and the connections of all."""
        most = {"threads": 0, "files": 0, "MB": 0}
        for web in self.webs:
            process = psutil.Process(web.pid())
            figures = {
                "threads": process.num_threads(),
                "files": process.num_fds(),
                "MB": process.memory_info().rss // 1_000_000,
            }
            most = {name: max(figures[name], most[name]) for name in most}
        [(connections,)] = self.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'annotate' "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return {**most, "connections": connections}


def status(port: int, path: str = "/healthz/") -> int:
    """Return how a web process answers; 0 if it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Ask a condition often, in a thread. Raises TimeoutError if it does not come true."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.05)


def use(database: str, home: Path) -> None:
    """Have Django in this process use the database, with passwords that cost nothing."""
    os.environ.update(
        environment(home, DATABASE_URL=database, SECRET_KEY=SECRET),
        DJANGO_SETTINGS_MODULE="annotate.settings",
    )
    import django
    from django.conf import settings

    django.setup()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
