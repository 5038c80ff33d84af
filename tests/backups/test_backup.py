"""A backup, put back, is the same site row for row; what is wrong with one is said before."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from psycopg.conninfo import make_conninfo

from annotate.accounts.models import User
from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation
from annotate.articles.models import Article
from annotate.backups import BackupError, files, programs
from annotate.embedded import programs as embedded_programs
from annotate.moderation.models import Case, Decision
from tests.factories import make_article, make_user
from tests.moderation.test_decisions import decide
from tests.processes import ROOT, environment, free_port, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

# What COPY writes in a way of its own: ends of rows and columns, NULL, the end of the data.
AWKWARD = "Tab\t, line\nend, \\N and\n\\.\nCOPY public.x (a) FROM stdin;\n🧑‍🤝‍🧑 e\u0301 شلون"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, monkeypatch) -> Path:
    """An empty working directory, so that a file can be named as people name it."""
    settings.DATA_DIR = tmp_path / "data"
    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@contextmanager
def connected_to(database: str) -> Iterator[None]:
    """Let Django use another database of the same server."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


@pytest.fixture(scope="module")
def other_database(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Another database of the same server: one for all tests, since to make one takes long."""
    name = f"{connection.settings_dict['NAME']}_other"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield name
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture
def other(other_database) -> Iterator[str]:
    """The name of a database with nothing in it."""
    yield other_database
    with connected_to(other_database):
        empty()


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner"
        )


def run(capsys, command: str, file: str = "site.dump") -> dict:
    call_command(command, file)
    return json.loads(capsys.readouterr().out)


def error_of(command: str, file: str = "site.dump") -> str:
    with pytest.raises(CommandError) as raised:
        call_command(command, file)
    return str(raised.value)


def tables() -> list[str]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    return sorted(names)


def all_rows() -> dict[str, list[bytes]]:
    """Return every row of every table, as COPY writes them, in a fixed order."""
    rows = {}
    with connection.cursor() as cursor:
        for table in tables():
            query = f"COPY (SELECT * FROM {table} ORDER BY {table}::text) TO STDOUT"
            with cursor.copy(query) as copied:
                rows[table] = b"".join(copied).splitlines()
    return rows


def schema() -> str:
    """Return how everything is made: tables, constraints, defaults, indexes, triggers."""
    connection.ensure_connection()
    info = connection.connection.info
    where = make_conninfo(host=info.host, port=info.port, user=info.user, dbname=info.dbname)
    options = ["--schema-only", "--schema=public", "--no-comments", "--no-privileges"]
    options += ["--restrict-key=x"]
    said = subprocess.run(
        [embedded_programs() / "pg_dump", *options, where],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PGPASSWORD": info.password},
    ).stdout
    # PostgreSQL writes the same condition with other casts once it has read it.
    return re.sub(r"::character varying|::text|[()\[\]]", "", said)


def counters() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
        return cursor.fetchall()


# --- There and back --------------------------------------------------------------------------
def test_every_row_of_every_table_is_there_again(other, labels, client, capsys):
    call_command("load_seeds", verbosity=0)
    case = Case.objects.open().exclude(annotation=None).first()
    moderator = make_user("mia", "moderator")
    decide(case, moderator, Decision.Kind.HIDE)
    tag = Annotation.objects.filter(note="").first()
    Annotation.objects.filter(pk=tag.pk).update(note=AWKWARD)
    client.force_login(moderator)
    rows, made, counted = all_rows(), schema(), counters()
    assert len([table for table in rows if rows[table]]) > 28

    said = run(capsys, "backup")
    number = sum(map(len, rows.values()))
    size = Path("site.dump").stat().st_size
    seconds = said.pop("seconds")
    assert 0 < seconds < 60
    assert said == {"file": "site.dump", "bytes": size, "tables": len(rows), "rows": number}

    with connected_to(other):
        put_back = run(capsys, "restore")
        assert put_back.pop("seconds") > 0
        assert put_back == said
        assert all_rows() == rows
        assert schema() == made
        assert counters() == counted
        assert Annotation.objects.get(pk=tag.pk).note == AWKWARD
        # And it works: keys are counted on or drawn, and the log takes lines and keeps them.
        story = make_article(title="A later story")
        assert story.pk > max(Article.objects.exclude(pk=story.pk).values_list("pk", flat=True))
        tagging.annotate(
            article=story, reviewer=moderator, label=labels["claim"], start=0, end=5
        )
        with (
            connection.cursor() as cursor,
            pytest.raises((InternalError, ProgrammingError), match="append only: DELETE"),
        ):
            cursor.execute("DELETE FROM moderation_auditentry")
        call_command("migrate", "--check", verbosity=0)


def test_the_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(article, folder):
    usual = os.umask(0)
    try:
        call_command("backup", "site.dump")
    finally:
        os.umask(usual)
    assert [path.name for path in folder.iterdir()] == ["site.dump"]
    assert stat.S_IMODE(Path("site.dump").stat().st_mode) == 0o600


WAITS = """
    SELECT count(*) FROM pg_locks
     WHERE relation = 'articles_article'::regclass AND NOT granted
"""


@contextmanager
def during_a_backup() -> Iterator[list[str]]:
    """Do what is inside while pg_dump waits for a table; give a list for what went wrong."""
    errors: list[str] = []

    def back_up() -> None:
        try:
            call_command("backup", "site.dump")
        except CommandError as error:
            errors.append(str(error))
        finally:
            connection.close()

    thread = threading.Thread(target=back_up)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE articles_article IN ACCESS EXCLUSIVE MODE")
        thread.start()

        def waits() -> bool:
            cursor.execute(WAITS)
            return cursor.fetchone()[0] == 1

        wait_until(waits)
        yield errors
    thread.join(30)


def running_pg_dump() -> psutil.Process:
    """Return that of this process, which may have a server or a browser as well."""
    (found,) = [one for one in psutil.Process().children() if one.name() == "pg_dump"]
    return found


def test_a_backup_is_of_one_moment(other, article):
    """What is committed while pg_dump waits for a table is not in it."""
    with during_a_backup() as errors:
        # The moment is that of the counts, not one of its own a little later.
        pg_dump = running_pg_dump()
        assert any(one.startswith("--snapshot=") for one in pg_dump.cmdline())
        make_user("late")
        make_article(title="Too late")
    assert errors == []
    assert Article.objects.count() == 2
    with connected_to(other):
        call_command("restore", "site.dump")
        assert list(Article.objects.values_list("title", flat=True)) == [article.title]
        assert not User.objects.exists()


def test_a_backup_of_an_older_version_is_brought_up_to_this_one(other, article):
    made, rows = schema(), all_rows()
    call_command("backup", "site.dump")
    with connected_to(other):
        call_command("restore", "site.dump")
        call_command("migrate", "notices", "0001", verbosity=0)
        assert schema() != made
        call_command("backup", "old.dump")
        empty()
        call_command("restore", "old.dump")
        assert schema() == made
        assert all_rows().keys() == rows.keys()
        assert all_rows()["articles_article"] == rows["articles_article"]


# --- Refused, and nothing changed ------------------------------------------------------------
def test_nothing_is_overwritten(article, folder):
    Path("site.dump").write_text("precious")
    assert error_of("backup") == "site.dump: is there already, and nothing is overwritten."
    assert Path("site.dump").read_text() == "precious"
    assert os.listdir(folder) == ["site.dump"]


def test_a_file_that_came_meanwhile_is_not_overwritten(article, folder):
    with during_a_backup() as errors:
        Path("site.dump").write_text("precious")
    assert errors == ["site.dump: File exists."]
    assert Path("site.dump").read_text() == "precious"
    assert os.listdir(folder) == ["site.dump"]


def test_a_directory_that_vanishes_leaves_nothing(article, folder):
    with during_a_backup() as errors:
        shutil.rmtree(folder)
    assert len(errors) == 1
    assert errors[0].endswith("No such file or directory.")
    assert not folder.exists()


def test_a_directory_that_is_not_there_is_said(article):
    assert error_of("backup", "gone/site.dump") == "gone/site.dump: No such file or directory."


@pytest.mark.parametrize("kilobytes", [20, -1], ids=["for the dump", "for the last line"])
def test_a_full_disk_leaves_no_half_file(article, folder, kilobytes):
    """The most bytes that a file may have stand for the room on the disk."""
    if kilobytes < 0:
        call_command("backup", "whole.dump")
        size = Path("whole.dump").stat().st_size - 10
        Path("whole.dump").unlink()
    else:
        size = kilobytes * 1024
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        error = error_of("backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert error in ("pg_dump failed: it gave no reason.", "site.dump: File too large.")
    assert os.listdir(folder) == []


def test_a_server_that_cannot_be_reached_is_said_in_one_line(folder, tmp_path):
    url = f"postgresql://jo:hush@127.0.0.1:{free_port()}/annotate"
    ended = subprocess.run(
        [sys.executable, ROOT / "manage.py", "backup", "site.dump"],
        env=environment(tmp_path, DATABASE_URL=url),
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"CommandError: [^\n]+\n", ended.stderr)
    assert "hush" not in ended.stderr
    assert os.listdir(folder) == []


def test_an_empty_database_is_not_backed_up(other, folder):
    with connected_to(other):
        assert error_of("backup") == (
            f"The database “{other}” has no tables, so there is nothing to back up. "
            "Look at DATABASE_URL or ANNOTATE_DATA_DIR."
        )
    assert os.listdir(folder) == []


def test_a_damaged_file_is_refused(other, article):
    call_command("backup", "site.dump")
    whole = Path("site.dump").read_bytes()
    refused = (
        "damaged.dump is no backup of this site, or it is cut off or damaged. "
        "Nothing was changed: take another one."
    )
    flips = [*range(0, len(whole), len(whole) // 40), len(whole) - 80, len(whole) - 1]
    flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in flips]
    ends = [0, 1, 64, 65, len(whole) // 2, len(whole) - 66, len(whole) - 1]
    with connected_to(other):
        for damaged in [*flipped, *(whole[:end] for end in ends), whole + b"\n"]:
            Path("damaged.dump").write_bytes(damaged)
            assert error_of("restore", "damaged.dump") == refused
        assert tables() == []
        assert error_of("restore", "gone.dump") == "gone.dump: No such file or directory."


def test_a_filled_database_is_refused(article, ana):
    call_command("backup", "site.dump")
    before = all_rows()
    assert error_of("restore") == (
        f"The database “{connection.settings_dict['NAME']}” has tables already, and a backup "
        "is restored to an empty one only. Create another database and name it in "
        "DATABASE_URL; without DATABASE_URL, set ANNOTATE_DATA_DIR to a new directory."
    )
    assert all_rows() == before


def test_a_backup_of_a_newer_version_is_refused(other, article):
    recorder = MigrationRecorder(connection)
    recorder.record_applied("articles", "9999_of_the_future")
    try:
        call_command("backup", "site.dump")
    finally:
        recorder.record_unapplied("articles", "9999_of_the_future")
    with connected_to(other):
        assert error_of("restore") == (
            "site.dump is of a newer version of Annotate: this one does not know the migration "
            "articles.9999_of_the_future. Nothing was changed: restore it with that version or "
            "a newer one."
        )
        assert tables() == []


def test_a_restore_that_fails_in_the_middle_leaves_nothing(other, article):
    """A view has the name of a table of which others were made before."""
    call_command("backup", "site.dump")
    taken = "CREATE VIEW public.reviews_round AS SELECT 1"
    with connected_to(other):
        with connection.cursor() as cursor:
            cursor.execute(taken)
        error = error_of("restore")
        assert error.startswith("pg_restore failed: could not execute query: ERROR:")
        assert "reviews_round" in error
        assert tables() == []


def test_other_numbers_of_rows_than_were_backed_up_are_said(other, article):
    """The same dump, sealed with another number of stories and a table that is not in it."""
    call_command("backup", "site.dump")
    path = Path("site.dump")
    contents = files.read(path)
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[:-3]))
    rows = {**contents.rows, "public.articles_article": 7, "public.gone": 0}
    files.seal(path, replace(contents, rows=rows))
    with connected_to(other):
        assert error_of("restore") == (
            "The database is not as the backup: public.articles_article has 1 rows instead of "
            "7, public.gone has no rows instead of 0. Stop everything that uses it, and "
            "restore to another, empty one."
        )


# --- The programs ----------------------------------------------------------------------------
@pytest.fixture
def pg_dump_99(tmp_path, monkeypatch) -> Path:
    """The only pg_dump on the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    program = folder / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 99.1 (Debian 99.1-1)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_the_programs_are_at_least_as_new_as_the_server(pg_dump_99):
    ours = embedded_programs()
    assert programs.for_backup(18) == programs.Programs(ours, 18)
    assert programs.for_backup(19) == programs.Programs(pg_dump_99, 99)
    assert programs.for_restore(18, 99) == programs.Programs(pg_dump_99, 99)


def test_without_programs_that_fit_both_versions_are_named(pg_dump_99):
    here = f"18 in {embedded_programs()} and 99 in {pg_dump_99}"
    with pytest.raises(BackupError) as raised:
        programs.for_backup(100)
    assert str(raised.value) == (
        f"The server is PostgreSQL 100, and the pg_dump here is {here}. "
        "Install the client programs of PostgreSQL 100, so that the PATH has them."
    )
    with pytest.raises(BackupError) as raised:
        programs.for_restore(15, 18)
    assert str(raised.value) == (
        "The backup is of pg_dump 18, the server is PostgreSQL 15, and no pg_restore here fits "
        f"both (it is {here}). Restore it to PostgreSQL 18 or newer."
    )


def test_a_dump_is_read_through_to_its_end(article):
    call_command("backup", "site.dump")
    path, used = Path("site.dump"), programs.for_backup(18)
    assert used.count_rows(path) == files.read(path).rows
    whole = path.read_bytes()
    at = whole.rindex(b"\x78\x9c")  # where the compressed rows of the last table begin
    for damaged in (whole[: at + 10], whole[: at + 9] + b"?" + whole[at + 10 :]):
        path.write_bytes(damaged)
        with pytest.raises(BackupError, match=r"^pg_restore failed: [^\n]+\.$"):
            used.count_rows(path)


def test_rows_are_counted_as_they_are_copied():
    script = (
        b"CREATE TABLE public.a (x text);\n"
        b"COPY public.a (x) FROM stdin;\n1\nCOPY public.b (x) FROM stdin;\n\\\\.\n\\.\n"
        b'COPY public."B c" (x, "y (z)") FROM stdin;\n\\.\n'
    )
    assert programs.count_copied(script.splitlines(keepends=True)) == {
        "public.a": 3,
        'public."B c"': 0,
    }


def test_the_password_is_in_no_argument(article, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "hush")
    with during_a_backup() as errors:
        pg_dump = running_pg_dump()
        assert "hush" not in " ".join(pg_dump.cmdline())
        assert pg_dump.environ()["PGPASSWORD"] == "hush"
    assert errors == []
    assert b"hush" not in Path("site.dump").read_bytes()
