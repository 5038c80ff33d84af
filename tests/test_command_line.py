"""`manage.py` as a process: what a shell script sees where something around it is wrong."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection

from tests.factories import make_article
from tests.processes import ROOT, environment, free_port

UNREACHABLE = "postgresql://ana:s3cret@127.0.0.1:{port}/news"


VARIABLES: dict[str, str] = {}  # of the environment, for all commands of a test


def manage(home: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    given = {"env": environment(home, **VARIABLES), "stdout": subprocess.PIPE, **options}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        **given,
    )


@pytest.fixture
def export(transactional_db, monkeypatch) -> list[str]:
    """The command that exports a story of the tests' own database."""
    place = connection.settings_dict
    there = {"host": place["HOST"], "port": place["PORT"], "user": place["USER"]}
    asked = urlencode({name: value for name, value in there.items() if value})
    monkeypatch.setenv("PGPASSWORD", place["PASSWORD"])
    monkeypatch.setattr(
        f"{__name__}.VARIABLES", {"DATABASE_URL": f"postgresql:///{place['NAME']}?{asked}"}
    )
    story = make_article(body="It ended. " * 200)
    return ["export_article", str(story.pk), "--format", "jsonl"]


# --- The database --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "command",
    [
        "migrate",
        "create_user zoe --role admin",
        "export_article 1 --format jsonl",
    ],
)
def test_a_database_that_cannot_be_reached_is_one_line(home, command):
    port = str(free_port())
    url = UNREACHABLE.format(port=port)
    done = manage(home, *command.split(), env=environment(home, DATABASE_URL=url))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == (
        f"Cannot reach the database “news” on 127.0.0.1, port {port}: Connection refused. "
        "Start or create it, or correct DATABASE_URL; "
        "without DATABASE_URL, Annotate starts a database of its own.\n"
    )


def test_an_address_that_is_none_is_one_line_without_the_password(home):
    variables = environment(home, DATABASE_URL="postgers://ana:s3cret@db/news")
    done = manage(home, "migrate", env=variables)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"DATABASE_URL is no address of a PostgreSQL database")
    assert done.stderr.count(b"\n") == 1
    assert b"s3cret" not in done.stderr


def test_checks_need_no_database(home):
    done = manage(home, "check")
    assert (done.returncode, done.stderr) == (0, b"")


# --- What it writes ------------------------------------------------------------------------
CHECK = ["check"]
in_both_ways = pytest.mark.parametrize(
    ("what", "buffered"),
    [("export", {"PYTHONUNBUFFERED": ""}), ("check", {"PYTHONUNBUFFERED": "1"})],
)


def limit(kilobytes: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024,) * 2)


def test_an_export_that_fails_leaves_the_earlier_file(home, export, tmp_path):
    file = tmp_path / "story.jsonl"
    file.write_text("of before")
    done = manage(home, *export, "--output", str(file), preexec_fn=limit(1))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"CommandError: {file}: File too large.\n"
    assert file.read_text() == "of before"
    assert os.listdir(tmp_path) == ["story.jsonl"]


def test_an_export_takes_the_place_of_the_earlier_file(home, export, tmp_path):
    file, link = tmp_path / "story.jsonl", tmp_path / "link"
    file.touch(mode=0o640)
    file.write_text("of before " * 10_000)
    link.symlink_to(file)
    exported = manage(home, *export).stdout
    assert exported.startswith(b"{")
    done = manage(home, *export, "--output", str(link))
    assert (done.returncode, done.stderr) == (0, b"")
    assert file.read_bytes() == exported
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link", "story.jsonl"]
    assert manage(home, *export, "--output", "/dev/stdout").stdout == exported


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@in_both_ways
def test_output_that_is_full_is_one_line(home, export, what, buffered):
    VARIABLES.update(buffered)
    command, said = {
        "export": (export, "CommandError: Standard output: No space left on device.\n"),
        "check": (CHECK, "Writing failed: No space left on device.\n"),
    }[what]
    with open("/dev/full", "wb") as full:
        done = manage(home, *command, stdout=full)
    assert (done.returncode, done.stderr.decode()) == (1, said)


@in_both_ways
def test_output_that_nobody_reads_ends_it_in_silence(home, export, what, buffered):
    VARIABLES.update(buffered)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = manage(home, *(export if what == "export" else CHECK), stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")
