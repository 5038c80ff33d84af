"""Make a backup and put one back. What each does is said in docs/administrators.md."""

from __future__ import annotations

from pathlib import Path

from django.core.management import CommandError, call_command
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from annotate.backups import BackupError, files, programs
from annotate.backups.files import Contents
from annotate.exchange.records import snapshot

# An extension's own tables are neither dumped nor restored.
TABLES = """
    SELECT format('%I.%I', 'public', relname) FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
                                  AND objid = pg_class.oid AND deptype = 'e')
     ORDER BY 1
"""


def back_up(path: Path) -> Contents:
    """Write the database, as of one moment, to the new file `path`; return what is in it.

    Raises BackupError, OSError or django.db.Error, and then there is no such file.
    """
    if path.exists():
        raise FileExistsError(0, "is there already, and nothing is overwritten", str(path))
    used = programs.for_backup(server_version())
    with files.new_file(path) as draft:
        with snapshot(), connection.cursor() as cursor:
            # A role may have limits that suit pages.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            used.dump(draft, cursor.fetchone()[0])
            # Counting first would keep a lock on each table, for which a migration could
            # wait, pg_dump for the migration, and we for pg_dump.
            rows = count_rows()
            migrations = sorted(map(list, MigrationRecorder(connection).applied_migrations()))
        if not rows:
            raise BackupError(
                f"The database “{connection.settings_dict['NAME']}” has no tables, so there "
                "is nothing to back up. Look at DATABASE_URL or ANNOTATE_DATA_DIR."
            )
        if wrong := differences(rows, used.count_rows(draft)):
            raise BackupError(f"The dump is not as the database: {wrong}. Try again.")
        contents = Contents(rows, migrations, used.version)
        files.seal(draft, contents)
    return contents


def restore(path: Path) -> Contents:
    """Put a backup into the empty database, brought up to this version's tables.

    Raises BackupError, OSError or django.db.Error, and then the database is empty as before;
    but if the rows are there and migrating fails, they stay, and the message says so.
    """
    contents = files.read(path)
    check_migrations(path, contents)
    used = programs.for_restore(server_version(), contents.pg_dump)
    if count_rows():
        raise BackupError(
            f"The database “{connection.settings_dict['NAME']}” has tables already, and a "
            "backup is restored to an empty one only. Create another database and name it in "
            "DATABASE_URL; without DATABASE_URL, set ANNOTATE_DATA_DIR to a new directory."
        )
    used.restore(path)
    if wrong := differences(contents.rows, count_rows()):
        raise BackupError(
            f"The database is not as the backup: {wrong}. Stop everything that uses "
            "it, and restore to another, empty one."
        )
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except (Error, CommandError) as error:
        raise BackupError(
            f"The backup is restored, but migrating it to this version failed: {error}. "
            "Put that right and run “manage.py migrate”."
        ) from error
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # or the first pages would be planned without knowing sizes
    return contents


def check_migrations(path: Path, contents: Contents) -> None:
    """Raise BackupError if the backup has migrations that this version does not know."""
    ours = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    replaced = {key for migration in ours.values() for key in migration.replaces}
    known = {*ours, *replaced}
    unknown = [".".join(one) for one in contents.migrations if tuple(one) not in known]
    if unknown:
        raise BackupError(
            f"{path} is of a newer version of Annotate: this one does not know the migration "
            f"{unknown[-1]}. Nothing was changed: restore it with that version or a newer one."
        )


def server_version() -> int:
    """Return the main version of the database's server, such as 18."""
    connection.ensure_connection()
    return connection.connection.info.server_version // 10_000


def count_rows() -> dict[str, int]:
    """Return how many rows each table of the database has."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        rows = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM ONLY {table}")  # noqa: S608 - its own name
            rows[table] = cursor.fetchone()[0]
    return rows


def differences(expected: dict[str, int], found: dict[str, int]) -> str:
    """Return in words which tables have other numbers of rows; nothing if none has."""
    return ", ".join(
        f"{table} has {found.get(table, 'no')} rows instead of {expected.get(table, 'no')}"
        for table in sorted({*expected, *found})
        if expected.get(table) != found.get(table)
    )
