"""`make run`: everything from the installed packages to the running site, in this process.

In order: a port, the secret key, the database, its tables, the seeds, the static files; then
the pages are served until Ctrl-C, SIGTERM or SIGHUP. The embedded database stops last.
"""

import hashlib
import os
import platform
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

HOST = "127.0.0.1"
OLDEST_PYTHON = (3, 12)
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class RunnerError(Exception):
    """The site cannot run. The message is one line: what is wrong, and what to do."""


def main() -> int:
    # Under nohup a closed terminal is not to end us.
    endings = [number for number in ENDINGS if signal.getsignal(number) != signal.SIG_IGN]
    code = 0
    with suppress(KeyboardInterrupt):
        for number in endings:
            signal.signal(number, end)
        code = run_and_stop()
    if code == 0:
        with suppress(OSError):  # the terminal may be gone
            print("\nStopped.", flush=True)
    return code


def run_and_stop() -> int:
    """Serve the site until a signal ends it, then stop the database; return the exit code."""
    from annotate import embedded  # takes a while, and Ctrl-C may come meanwhile

    try:
        run()
    except KeyboardInterrupt:
        pass
    except (RunnerError, embedded.EmbeddedError) as error:
        embedded.complain(error)
        return 1
    finally:
        ignore_endings()
        embedded.stop()
    return 0


# Python drops an exception raised while it runs a destructor or a callback, so a signal that
# comes just then would go unheard: each step of the start asks again.
_ended = threading.Event()


def end(number: int, frame: FrameType | None) -> None:
    ignore_endings()
    _ended.set()
    raise KeyboardInterrupt


def unless_ended() -> None:
    if _ended.is_set():
        raise KeyboardInterrupt


def ignore_endings() -> None:
    """From here on a second Ctrl-C does not keep the database from a clean end."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)


def run() -> None:
    """Serve the site until a signal ends it. Raises RunnerError or EmbeddedError."""
    from annotate import embedded

    check_python()
    read_secrets()
    pass_the_pooler_by()
    listener = bind(port())
    home = embedded.data_dir()
    if not os.environ.get("DATABASE_URL"):
        embedded.prepare_environment()
    else:
        check_database()
    unless_ended()
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = secret_key(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotate.settings")
    import django

    django.setup()
    unless_ended()
    prepare_database()
    unless_ended()
    collect_static_files(home / "static.stamp")
    unless_ended()
    embedded.watch()
    from annotate.annotations.management.commands.load_seeds import sign_in_file

    serve(listener, sign_in_file())


# --- What must be there ----------------------------------------------------------------
def check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        raise RunnerError(
            f"Annotate needs Python {needed} or newer (this is {platform.python_version()}). "
            "Run “make clean” and “make run” with a newer one installed."
        )


def read_secrets() -> None:
    """Take secrets from the files that the environment names, if it does."""
    from django.core.exceptions import ImproperlyConfigured

    from annotate.environment import read_secret_files

    try:
        read_secret_files()
    except ImproperlyConfigured as error:
        raise RunnerError(str(error)) from error


def pass_the_pooler_by() -> None:
    """Let this process use the database directly where there is a way past its pooler.

    For commands: they take long, and some need a connection to themselves.
    """
    if direct := os.environ.pop("DATABASE_DIRECT_URL", ""):
        os.environ["DATABASE_URL"] = direct


def port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise RunnerError(f"PORT is to be a number from 1 to 65535, not “{text}”.")
    return int(text)


def bind(number: int) -> socket.socket:
    """Take the port now: nobody else gets it while the database starts."""
    # The protocol is named: only then asyncio turns Nagle's algorithm off, which holds the
    # second part of each answer back for 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other = number + 1 if number < 65_535 else 8000
    try:
        listener.bind((HOST, number))
    except PermissionError as error:
        raise RunnerError(
            f"Port {number} is for the system's own programs. "
            "Choose another: PORT=8000 make run"
        ) from error
    except OSError as error:
        raise RunnerError(
            f"Port {number} is in use. "
            f"Stop the other program or choose another: PORT={other} make run"
        ) from error
    return listener


ADVICE = "without DATABASE_URL, Annotate starts a database of its own."


def check_address() -> dict[str, Any]:
    """Return the parts of DATABASE_URL; none if it is not set."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        return conninfo_to_dict(os.environ.get("DATABASE_URL", ""))
    except psycopg.ProgrammingError:
        # What psycopg says may repeat the password.
        raise RunnerError(
            "DATABASE_URL is no address of a PostgreSQL database, which looks like "
            f"postgresql://user:password@host:5432/annotate; {ADVICE}"
        ) from None


def check_database() -> None:
    """Raise RunnerError unless the database of DATABASE_URL can be reached."""
    import psycopg

    parts = check_address()
    try:
        psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5).close()
    except psycopg.OperationalError as error:
        raise RunnerError(
            f"Cannot reach the database “{parts.get('dbname', '')}” on "
            f"{parts.get('host', 'localhost')}, port {parts.get('port', 5432)}: "
            f"{reason(error)}. Start or create it, or correct DATABASE_URL; {ADVICE}"
        ) from None


def reason(error: Exception) -> str:
    """Return why a connection failed: the end of the first line that psycopg says."""
    lines = str(error).splitlines() or ["it gave no reason"]
    return lines[0].rpartition("failed: ")[2].removeprefix("FATAL:").strip()


def secret_key(home: Path) -> str:
    """Return the key in `home`/secret-key, made on the first call."""
    path = home / "secret-key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Written whole under another name: a half-written key is never read, and of
            # two that start at once, one is first and both use its key.
            draft = home / f"secret-key.{os.getpid()}"
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(64))
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise RunnerError(
            f"Cannot use {error.filename}: {error.strerror}. Set SECRET_KEY, "
            "or set ANNOTATE_DATA_DIR to a directory that you may write to."
        ) from error


# --- What the site needs before the first page --------------------------------------------
def prepare_database() -> None:
    from django.core.management import CommandError, call_command
    from django.db import Error

    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("load_seeds", verbosity=0)
    except (Error, CommandError) as error:
        raise RunnerError(f"Preparing the database failed: {error}") from error


def collect_static_files(stamp: Path) -> None:
    """Collect the static files anew if any of them changed since the last time."""
    from django.conf import settings
    from django.core.management import call_command

    if settings.DEBUG:  # then they are served from where they are
        return
    state = static_state()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text() == state:
        return
    stamp.unlink(missing_ok=True)
    # Clear: by itself the command keeps a file whose new version is older than it.
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(state)


def static_state() -> str:
    """Return a digest that changes with any static file and with how they are stored."""
    from annotate import storage

    digest = hashlib.sha256()
    for path in [*static_files(), Path(storage.__file__)]:
        state = path.stat()
        # The time of the change too: an editor may set the other one as it likes.
        facts = (str(path), state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        digest.update(repr(facts).encode())
    return digest.hexdigest()


def static_files() -> Iterator[Path]:
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for name, storage in finder.list([]):
            yield Path(storage.path(name))


# --- Serving -------------------------------------------------------------------------------
def serve(listener: socket.socket, sign_in: Path) -> None:
    import uvicorn

    from annotate import serve as production
    from annotate.notices import worker

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(welcome(listener.getsockname()[1], sign_in), flush=True)

    config = production.config()
    server = Server(config)
    config.load()  # the longest part of what is left
    unless_ended()
    # uvicorn sees to SIGINT and SIGTERM, and raises them again when it has stopped.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, server.handle_exit)
    worker.start()
    try:
        server.run(sockets=[listener])
    finally:
        worker.stop()


def welcome(number: int, sign_in: Path) -> str:
    lines = [f"Annotate is running on http://{HOST}:{number}/", ""]
    if sign_in.exists():
        people = [line.split() for line in sign_in.read_text().splitlines() if line.strip()]
        widths = [max(map(len, column)) for column in zip(*people, strict=True)]
        lines.append("Sign in with one of these names and passwords:")
        for person in people:
            cells = [cell.ljust(width) for cell, width in zip(person, widths, strict=True)]
            lines.append("  " + "   ".join(cells).rstrip())
        lines.append("")
    lines.append("Stop with Ctrl-C.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
