"""Real processes for tests: users of the embedded database, and its postmaster."""

import atexit
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import psutil
import psycopg

from annotate import embedded

# A data directory takes 60 MB, and each process of the tests has one or two.
MEMORY_BYTES = 2_000_000_000

ROOT = Path(__file__).resolve().parent.parent

# In a data directory in which the site ran once: all that was stored, and what was said.
ROWS, SAID = "first-rows.sql", "first-said.txt"

# A process that uses the embedded database until its standard input ends.
USER = """
import sys, os
from annotate import embedded
try:
    embedded.prepare_environment()
except embedded.EmbeddedError as error:
    embedded.complain(error)
    sys.exit(1)
if "watch" in sys.argv:
    embedded.watch()
print(os.environ["DATABASE_URL"], flush=True)
sys.stdin.read()
"""


def wait_until[T](condition: Callable[[], T], seconds: float = 30) -> T:
    """Return what `condition` answers once that is true; ask it often, for so long."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        pause.wait(0.02)
    raise AssertionError(f"{condition} was not true within {seconds} s")


def scratch() -> Path | None:
    """Return where to put data directories: in memory, if there is room; None for /tmp.

    A process that is killed loses nothing there either, and to make a database is quicker.
    """
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_BYTES:
        return memory
    return None


@contextmanager
def data_home() -> Iterator[Path]:
    """Give a new data directory with a short path; leave no postmaster in it.

    Not pytest's own: that one keeps other users out again and again, and as root the
    database runs as another user.
    """
    with tempfile.TemporaryDirectory(prefix="annotate-", dir=scratch()) as name:
        home = Path(name).resolve()
        yield home
        for process in postgres_processes(home):
            with suppress(psutil.Error):
                process.kill()
        wait_until(lambda: not postgres_processes(home))


def keep_database_in_memory() -> None:
    """Let this process and its children use an embedded database of the tests' own.

    Its directory has the same name each time, so that a run which was killed leaves one at
    most; the process that made it takes it away at its end, once the server has stopped.
    """
    names = {"DATABASE_URL", "ANNOTATE_DATA_DIR"}
    if names & {name for name in os.environ if os.environ[name]} or not scratch():
        return
    name = hashlib.sha256(f"{ROOT} {os.getuid()}".encode()).hexdigest()[:12]
    home = scratch() / f"annotate-{name}"
    home.mkdir(mode=0o700, exist_ok=True)
    os.environ["ANNOTATE_DATA_DIR"] = str(home)

    def forget() -> None:
        if not postgres_processes(home):
            shutil.rmtree(home, ignore_errors=True)

    atexit.register(forget)


def copy_home(used: Path, home: Path) -> None:
    """Make `home` a copy of a data directory that nothing runs in, owners and all."""
    subprocess.run(["cp", "-a", f"{used}/.", home], check=True)


def postgres_processes(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and Path(process.cwd()).is_relative_to(home):
                found.append(process)
    return found


def postmaster(home: Path) -> int | None:
    """Return the number of the process that is the server of `home`, if it lives."""
    parents = {}
    for process in postgres_processes(home):
        with suppress(psutil.Error):  # it may end just now
            parents[process.pid] = process.ppid()
    return next((pid for pid, parent in parents.items() if parent not in parents), None)


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a process that uses the embedded database in `home`."""
    ours = {"DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "HTTPS", "DEBUG", "PORT"}
    ours |= {"DATABASE_DIRECT_URL", "DATABASE_REPLICA_URL"}
    left_out = {*ours, "DJANGO_SETTINGS_MODULE"}  # also what the tests themselves set
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "ANNOTATE_DATA_DIR": str(home), **variables}


class DatabaseUser:
    """A process that uses the embedded database of `home`; `url` once it has it."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, *arguments],
            cwd=ROOT,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def url(self) -> str:
        line = self.process.stdout.readline().strip()
        assert line, self.process.stderr.read()
        return line

    def leave(self) -> str:
        """End as a program ends; return what it said on standard error."""
        _, said = self.process.communicate("", timeout=60)
        return said

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=60)


@contextmanager
def database_user(home: Path, *arguments: str) -> Iterator[DatabaseUser]:
    user = DatabaseUser(home, *arguments)
    try:
        yield user
    finally:
        if user.process.poll() is None:
            user.leave()


def query(url: str, statement: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def query_when_back(url: str, statement: str) -> list[tuple]:
    """Ask a server that may be starting again just now."""

    def rows() -> list[list[tuple]]:
        try:
            return [query(url, statement)]
        except psycopg.OperationalError:
            return []

    return wait_until(rows)[0]


def answers(url: str) -> bool:
    try:
        return bool(query(url, "SELECT 1"))
    except psycopg.OperationalError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """The site as `make run` serves it, with its data in `home`."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.port = free_port()
        # In files: a pipe that nobody reads would hold up a site that has much to say.
        self.files = [home / "said.txt", home / "complained.txt"]
        with self.files[0].open("w") as said, self.files[1].open("w") as complained:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "annotate.runner"],
                cwd=ROOT,
                env=environment(home, PORT=str(self.port), **variables),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                # As from a terminal: a script's background job is born deaf to Ctrl-C.
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            )

    def status(self) -> int | None:
        """Return how /healthz/ answers; None if nobody does."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz/", timeout=10) as answer:
                return answer.status
        except HTTPError as error:
            return error.code
        except OSError:
            return None

    def healthy(self) -> bool:
        status = self.status()
        # 503 while the database is away; anything else is a mistake.
        assert self.process.poll() is None, self.words()
        assert status in (None, 200, 503), self.words()
        return status == 200

    def database(self) -> str:
        return f"postgresql://postgres@/annotate?host={quote(f'{self.home}/postgres', safe='')}"

    def rows(self) -> str:
        """Return all rows of the database."""
        pg_dump = [embedded.programs() / "pg_dump", "--data-only", "--restrict-key=same"]
        done = subprocess.run(
            [*pg_dump, self.database()], capture_output=True, text=True, check=True
        )
        assert "COPY public.django_migrations" in done.stdout
        return done.stdout

    def end(self, number: int = signal.SIGINT) -> tuple[str, str]:
        """Send the signal; return what the site said on standard output and error."""
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        return self.words()

    def words(self) -> tuple[str, str]:
        """Return what the site said so far on standard output and error."""
        said, complained = (file.read_text() for file in self.files)
        return said, complained


@contextmanager
def running_site(home: Path, **variables: str) -> Iterator[Site]:
    site = Site(home, **variables)
    try:
        wait_until(site.healthy, 60)
        yield site
    finally:
        if site.process.poll() is None:
            site.end()


class Web:
    """A web process of a site for others, as `deploy/` starts it, ready for requests."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.port = free_port()
        self.variables = environment(home, **variables)
        self.log = home / f"web-{self.port}.txt"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "annotate.serve", "--port", str(self.port)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.variables, stdout=log, stderr=log
            )
        ready = subprocess.run(
            [*command, "--ready", "--wait", "60"],
            cwd=ROOT,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        assert (ready.returncode, ready.stdout) == (0, "ready\n"), ready.stderr

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
