"""`migrate` while the site is at work: nobody waits long behind it, and two never run at once.

A change of a table waits until all transactions that use it are over, and whoever comes
after it waits, too. So it waits for a moment only, lets the others pass, and tries again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.core.management import CommandError
from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import InterfaceError, OperationalError, connections
from django.db.migrations import Migration

ADVISORY_LOCK = 7_105_226  # of this database; any number that nothing else uses
RESET = "SELECT set_config(name, reset_val, false) FROM pg_settings WHERE name = %s"
POLL_SECONDS = 0.5
WAITED = psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=float,
            default=2,
            help="Seconds that a migration waits for a table, and others behind it.",
        )
        parser.add_argument(
            "--attempts", type=int, default=30, help="How often a migration waits for a table."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        self.verbosity = options["verbosity"]
        self.connection = connections[options["database"]]
        self.lock_timeout = f"{options['lock_timeout'] * 1000:.0f}ms"
        with self.alone():
            self.be_patient(*args, **options)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other `migrate` is at work in this database, then keep others out."""
        told = False
        # Asked again and again: a statement that waits is an open transaction, and an index
        # that the other one builds concurrently would wait for its end.
        while not self.ask("SELECT pg_try_advisory_lock(%s)", ADVISORY_LOCK):
            if not told:
                self.say("Another migrate is at work in this database: waiting for its end.")
                told = True
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            # Without a connection, the lock is gone as well.
            with suppress(OperationalError, InterfaceError):
                self.ask("SELECT pg_advisory_unlock(%s)", ADVISORY_LOCK)

    def be_patient(self, *args: Any, **options: Any) -> None:
        """Migrate; where a lock is not to be had, go on from there after a pause."""
        attempts = options["attempts"]
        for attempt in range(1, attempts + 1):
            try:
                self.wait_for_locks(self.lock_timeout)
                super().handle(*args, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, WAITED):
                    raise
            finally:
                with suppress(OperationalError, InterfaceError):
                    self.ask(RESET, "lock_timeout")
            self.say("")  # Django's own line is not at its end
            if attempt < attempts:
                self.say(
                    f"  A transaction holds the table: others pass, then attempt "
                    f"{attempt + 1} of {attempts}."
                )
                time.sleep(options["lock_timeout"])
        raise CommandError(
            f"No lock was to be had in {attempts} attempts: a transaction holds the table that "
            "the migration changes. Nothing of that migration is applied. End the transaction "
            "(docs/operations.md says how to find it) and run migrate again."
        )

    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        super().migration_progress_callback(action, migration, fake)
        if migration and action in ("apply_start", "unapply_start"):
            # What runs without a transaction is concurrent: it may wait, since nobody waits
            # behind it; and given up halfway, it would leave an invalid index.
            self.wait_for_locks(self.lock_timeout if migration.atomic else "0")

    def wait_for_locks(self, timeout: str) -> None:
        self.ask("SELECT set_config('lock_timeout', %s, false)", timeout)

    def ask(self, statement: str, value: int | str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, [value])
            return cursor.fetchone()[0]

    def say(self, words: str) -> None:
        if self.verbosity:
            self.stdout.write(words)
            self.stdout.flush()
