"""`make run`: the runner as a real process, and what the Makefile does before it."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from annotate import runner
from tests.processes import (
    ROOT,
    ROWS,
    SAID,
    Site,
    database_user,
    environment,
    free_port,
    postmaster,
    query,
    running_site,
    wait_until,
)


def server_log(home: Path) -> str:
    return (home / "postgres/server.log").read_text()


# --- Starting and serving ----------------------------------------------------------------
def test_first_start_makes_everything_and_the_second_changes_no_data(
    used_home, record_property
):
    said = (used_home / SAID).read_text()
    people = (used_home / "sign-in.txt").read_text().split("\n")
    assert re.match(r"Annotate is running on http://127\.0\.0\.1:\d+/\n", said)
    for person in filter(None, people):
        assert person.split() in [line.split() for line in said.splitlines()]
    assert said.endswith("\nStopped.\n")
    key = (used_home / "secret-key").read_text()
    assert stat.S_IMODE((used_home / "secret-key").stat().st_mode) == 0o600
    assert len(key) > 50

    began = time.monotonic()
    with running_site(used_home) as site:
        record_property("seconds of the second start", round(time.monotonic() - began, 1))
        assert site.rows() == (used_home / ROWS).read_text()
    assert (used_home / "secret-key").read_text() == key


def test_each_database_has_passwords_of_its_own(used_home):
    people = passwords(used_home / "sign-in.txt")
    with database_user(used_home) as user:
        url = user.url
        query(url, "CREATE DATABASE news TEMPLATE annotate")  # quicker than all migrations
        url = url.replace("/annotate", "/news")
        query(url, "DROP TRIGGER audit_log_is_not_emptied ON moderation_auditentry")
        query(url, "TRUNCATE accounts_user, articles_article CASCADE")
        with running_site(used_home, DATABASE_URL=url) as site:
            said, _ = site.end()
        [others] = used_home.glob("sign-in-*.txt")
        assert all(word in said for word in passwords(others))
        assert not any(word in said for word in people)
    assert passwords(used_home / "sign-in.txt") == people


def passwords(file: Path) -> list[str]:
    return [line.split()[1] for line in file.read_text().splitlines()]


def test_killed_database_comes_back_by_itself(used_home):
    with running_site(used_home) as site:
        killed = postmaster(used_home)

        os.kill(killed, signal.SIGKILL)

        wait_until(lambda: postmaster(used_home) not in (None, killed))
        wait_until(site.healthy)
        _, said = site.end()
    assert "The database was gone; it is back after " in said


def test_site_starts_again_after_it_was_killed_and_its_database_too(used_home):
    with running_site(used_home) as site:
        site.end(signal.SIGKILL)
    left = postmaster(used_home)
    assert left

    with running_site(used_home) as site:
        assert postmaster(used_home) == left
        site.end(signal.SIGKILL)
    os.kill(left, signal.SIGKILL)

    with running_site(used_home):
        assert postmaster(used_home) not in (None, left)
    assert postmaster(used_home) is None


# --- Stopping ----------------------------------------------------------------------------
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_all_and_the_database_last_and_cleanly(used_home, number):
    with running_site(used_home) as site:
        said, complained = site.end(number)
    assert site.process.returncode == 0
    assert said.endswith("\nStopped.\n")
    assert complained == ""
    assert_clean_end(used_home)


def test_ctrl_c_again_and_again_does_not_hurt_the_database(used_home):
    with running_site(used_home) as site:
        pause = threading.Event()
        while site.process.poll() is None:
            site.process.send_signal(signal.SIGINT)
            pause.wait(0.002)
        said, complained = site.words()
    assert (site.process.returncode, complained) == (0, "")
    assert said.endswith("\nStopped.\n")
    assert_clean_end(used_home)


def test_ctrl_c_during_the_start_stops_all(home):
    site = Site(home)
    wait_until(lambda: (home / "postgres/postmaster.pid").exists())
    said, _ = site.end()
    assert said.endswith("\nStopped.\n")
    assert site.process.returncode == 0
    assert postmaster(home) is None


def test_ctrl_c_at_once_stops_all(home):
    site = Site(home, PYTHONVERBOSE="1")
    wait_until(lambda: "import 'psycopg" in site.words()[1])  # the first that takes long
    said, complained = site.end()
    assert said == "\nStopped.\n"
    # CPython ends by the signal itself if it came while an extension ran Python of its own.
    assert site.process.returncode in (0, -signal.SIGINT)
    assert "Traceback" not in complained
    assert not (home / "postgres").exists()


def assert_clean_end(home: Path) -> None:
    assert postmaster(home) is None
    lines = server_log(home).splitlines()
    assert lines[-1].endswith("LOG:  database system is shut down")
    starts = [line for line in lines if "database system was" in line]
    assert "interrupted" not in starts[-1]


# --- What is wrong, in one line --------------------------------------------------------------
def failure(home: Path, **variables: str) -> str:
    """Return what the runner says when it does not start the site."""
    done = subprocess.run(
        [sys.executable, "-m", "annotate.runner"],
        cwd=ROOT,
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert not (home / "postgres").exists()
    return done.stderr


def test_taken_port(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert failure(home, PORT=str(number)) == (
            f"Port {number} is in use. "
            f"Stop the other program or choose another: PORT={number + 1} make run\n"
        )


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "80.0"])
def test_port_that_is_none(home, text):
    assert failure(home, PORT=text) == (
        f"PORT is to be a number from 1 to 65535, not “{text}”.\n"
    )


def test_unreachable_database(home):
    url = "postgresql://ana:s3cret@127.0.0.1:9/news"
    said = failure(home, PORT=str(free_port()), DATABASE_URL=url)
    assert said == (
        "Cannot reach the database “news” on 127.0.0.1, port 9: Connection refused. "
        "Start or create it, or correct DATABASE_URL; "
        "without DATABASE_URL, Annotate starts a database of its own.\n"
    )


def test_database_url_that_is_none(home):
    said = failure(home, PORT=str(free_port()), DATABASE_URL="postgers://ana:s3cret@db/news")
    assert said == (
        "DATABASE_URL is no address of a PostgreSQL database, which looks like "
        "postgresql://user:password@host:5432/annotate; "
        "without DATABASE_URL, Annotate starts a database of its own.\n"
    )


def test_old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    monkeypatch.setattr("platform.python_version", lambda: "3.11.7")
    message = r"^Annotate needs Python 3\.12 or newer \(this is 3\.11\.7\)\. Run “make clean”"
    with pytest.raises(runner.RunnerError, match=message):
        runner.check_python()


# --- The secret key ------------------------------------------------------------------------
def test_secret_key_is_made_once(tmp_path):
    key = runner.secret_key(tmp_path)
    assert runner.secret_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_secret_key_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    message = r"^Cannot use .*/file: File exists\. Set SECRET_KEY, or set ANNOTATE_DATA_DIR "
    with pytest.raises(runner.RunnerError, match=message):
        runner.secret_key(tmp_path / "file")


# --- Static files ----------------------------------------------------------------------------
@pytest.fixture
def sources(tmp_path, settings) -> Path:
    sources = tmp_path / "sources"
    sources.mkdir()
    settings.DEBUG = False
    settings.STATICFILES_DIRS = [sources]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "static"
    stored = {"staticfiles": {"BACKEND": "annotate.storage.StaticFiles"}}
    settings.STORAGES = {**settings.STORAGES, **stored}
    (sources / "app.css").write_text("a { color: red }")
    return sources


def collected(sources: Path) -> str:
    runner.collect_static_files(sources.parent / "static.stamp")
    return (sources.parent / "static/app.css").read_text()


def test_static_files_are_collected_once(sources):
    assert collected(sources) == "a { color: red }"
    mark = sources.parent / "static/mark"
    mark.touch()  # collecting again would clear it
    collected(sources)
    assert mark.exists()


def test_edited_static_file_is_collected_also_when_its_time_is_older(sources):
    collected(sources)
    (sources / "app.css").write_text("a { color: tan }")
    os.utime(sources / "app.css", (1, 1))
    assert collected(sources) == "a { color: tan }"


def test_static_file_that_was_removed_is_gone(sources):
    (sources / "old.css").touch()
    collected(sources)
    (sources / "old.css").unlink()
    collected(sources)
    assert not (sources.parent / "static/old.css").exists()


def test_lost_static_files_are_collected_again(sources):
    collected(sources)
    shutil.rmtree(sources.parent / "static")
    assert collected(sources) == "a { color: red }"


# --- The Makefile: Python and packages -------------------------------------------------------
# Stands for every Python: says its version, pretends to do the rest, and writes down what.
FAKE_PYTHON = """#!/bin/sh
echo "$*" >> calls
case "$*" in
  *platform*) echo "$VERSION" ;;
  *version_info*) case "$VERSION" in 3.1[2-9].*) exit 0 ;; *) exit 1 ;; esac ;;
  *ensurepip*) exit "${NO_VENV:-0}" ;;
  "-m venv .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  *"pip install"*) exit "${PIP_FAILS:-0}" ;;
esac
"""
BROKEN_SHIM = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"
NAMES = ["python3.14", "python3.13", "python3.12", "python3", "python"]


class Clone:
    """A fresh clone, as far as `make install` looks at it, with pretended Pythons."""

    def __init__(self, place: Path) -> None:
        self.place = place / "a clone"
        self.place.mkdir()
        for name in ["Makefile", "requirements.lock", ".python-version"]:
            shutil.copy(ROOT / name, self.place)
        self.programs = place / "bin"
        self.programs.mkdir()
        for name in NAMES:
            self.put(name, BROKEN_SHIM)

    def put(self, name: str, script: str) -> None:
        (self.programs / name).write_text(script)
        (self.programs / name).chmod(0o755)

    def install(self, version: str = "3.13.0", **variables: str) -> subprocess.CompletedProcess:
        path = f"{self.programs}:{os.environ['PATH']}"
        nowhere = {"HOME": str(self.place), "PATH": path, "VERSION": version}
        return subprocess.run(
            ["make", "-C", str(self.place), "--no-print-directory", "install"],
            env={**nowhere, **variables},
            capture_output=True,
            text=True,
        )

    def calls(self, words: str) -> int:
        return (self.place / "calls").read_text().count(words)


@pytest.fixture
def clone(tmp_path) -> Clone:
    return Clone(tmp_path)


def test_packages_are_installed_once(clone):
    clone.put("python3", FAKE_PYTHON)
    first = clone.install()
    assert first.stdout == "Making .venv with Python 3.13.0…\nInstalling packages…\n"
    assert first.stderr == ""
    again = clone.install()
    assert (again.stdout, again.stderr) == ("", "")
    assert clone.calls("pip install") == 1
    assert clone.calls("--require-hashes --only-binary :all: -r requirements.lock") == 1


def test_packages_are_installed_again_when_the_lock_changes(clone):
    clone.put("python3", FAKE_PYTHON)
    clone.install()
    with (clone.place / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert clone.install().stdout == "Installing packages…\n"
    assert clone.calls("-m venv") == 1


def test_install_that_failed_is_done_again(clone):
    clone.put("python3", FAKE_PYTHON)
    failed = clone.install(PIP_FAILS="1")
    assert failed.returncode
    assert failed.stderr.startswith(
        "Installing packages failed: what went wrong is said above."
    )
    assert clone.install().stdout == "Installing packages…\n"


def test_venv_whose_python_is_gone_or_too_old_is_made_again(clone):
    clone.put("python3", FAKE_PYTHON)
    clone.install()
    (clone.place / ".venv/bin/python").unlink()
    assert "Making .venv" in clone.install().stdout
    (clone.place / ".venv/bin/python").write_text(FAKE_PYTHON.replace("$VERSION", "3.11.7"))
    assert "Making .venv" in clone.install().stdout
    assert clone.install().stdout == ""


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_python_is_found(clone, name):
    clone.put(name, FAKE_PYTHON)
    assert clone.install().returncode == 0


def test_python_of_the_project_is_preferred_and_another_can_be_named(clone):
    for name in NAMES:
        clone.put(name, FAKE_PYTHON.replace("$VERSION", f"3.13.{len(name)}"))
    clone.put("python3.13", FAKE_PYTHON.replace("$VERSION", "3.13.99"))
    assert "with Python 3.13.99…" in clone.install().stdout
    shutil.rmtree(clone.place / ".venv")
    assert "with Python 3.13.6…" in clone.install(PYTHON="python").stdout


def test_too_old_python_is_said_in_one_line(clone):
    clone.put("python3", FAKE_PYTHON)
    clone.put("python", FAKE_PYTHON.replace("$VERSION", "2.7.18"))
    done = clone.install("3.11.7")
    assert_one_line(
        done,
        "Annotate needs Python 3.12 or newer (found 3.11.7). "
        "Install it from python.org or your package manager.",
    )


def test_no_python_is_said_in_one_line(clone):
    assert_one_line(
        clone.install(),
        "Annotate needs Python 3.12 or newer (found none). "
        "Install it from python.org or your package manager.",
    )


def test_missing_venv_module_is_said_in_one_line(clone):
    clone.put("python3", FAKE_PYTHON)
    assert_one_line(
        clone.install("3.12.3", NO_VENV="1"),
        "Python 3.12.3 lacks its venv module. On Debian and Ubuntu: apt install python3-venv",
    )


def assert_one_line(done: subprocess.CompletedProcess, line: str) -> None:
    first, second = done.stderr.splitlines()
    assert first == line
    assert second.startswith("make: *** ")  # make says that itself
    assert done.returncode
    assert done.stdout == ""


def test_make_alone_lists_the_commands():
    path = {"PATH": os.environ["PATH"]}  # and nothing of the make that runs the tests
    done = subprocess.run(
        ["make"], cwd=ROOT, env=path, capture_output=True, text=True, check=True
    )
    listed = [line.split()[1] for line in done.stdout.splitlines()]
    assert listed == [
        *("help", "run", "test", "lint", "bench", "load", "large"),
        *("faults", "machines", "proxies", "fuzz", "audit", "sbom", "install", "lock", "clean"),
    ]


def test_signal_that_python_dropped_is_heard_at_the_next_step(monkeypatch):
    handlers = {number: signal.getsignal(number) for number in runner.ENDINGS}
    ended = threading.Event()
    monkeypatch.setattr(runner, "_ended", ended)
    try:
        runner.unless_ended()
        with suppress(KeyboardInterrupt):  # as Python does in a destructor
            runner.end(signal.SIGINT, None)
        with pytest.raises(KeyboardInterrupt):
            runner.unless_ended()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
