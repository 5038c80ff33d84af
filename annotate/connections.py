"""What the threads that make pages know together of the database: is it there, does it answer?

**It went away.** Each thread's connection is broken, and one thread meets it first. From then
on the others open theirs anew, instead of failing one request each: a browser that waits
longer after each failure would be kept waiting half a minute by eight threads.

**It is silent.** A network that swallows what is sent, or a machine that stands still, leaves
connections that look well and never answer. A thread that makes pages waits so long (its
`patience`) and no longer. Then one request in a moment tries whether it answers again,
and the others are told at once that it does not: else all who come would hold a thread each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import psycopg
from django.core.signals import request_started
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg.errors import IdleInTransactionSessionTimeout, ReadOnlySqlTransaction

BREATH = 2.0  # seconds between two attempts to reach a database that was silent

_losses = 0  # how often this process met a broken connection


def is_away(error: BaseException) -> bool:
    """Whether `error` tells that the database is not to be had, or not the one that writes."""
    # It ended what it took for abandoned, as after a jump of its clock: no mistake of ours.
    abandoned = isinstance(error.__cause__, IdleInTransactionSessionTimeout)
    return (
        isinstance(error, (OperationalError, InterfaceError)) or abandoned or reads_only(error)
    )


def reads_only(error: BaseException) -> bool:
    """Whether the server only reads: after a failover a name may still lead to the old one."""
    return isinstance(error.__cause__, ReadOnlySqlTransaction)


def lost() -> None:
    """Say that a connection broke, so that no older one is used again."""
    global _losses
    _losses += 1
    connection.close()


def _remember(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    connection.opened_after_losses = _losses  # type: ignore[attr-defined]


def _drop_older(**kwargs: object) -> None:
    older = getattr(connection, "opened_after_losses", _losses) != _losses
    if older and not connection.in_atomic_block:  # as it is in tests only
        connection.close()


connection_created.connect(_remember, dispatch_uid="connections")
request_started.connect(_drop_older, dispatch_uid="connections")


# --- Patience --------------------------------------------------------------------------------
class Silent(psycopg.OperationalError):
    """The database did not say anything for too long."""


class Patience(threading.local):
    """How many seconds of silence a thread bears; None, as in commands: any number.

    Once `ended` is set, it bears none: its server is to end.
    """

    seconds: float | None = None
    ended = threading.Event()


patience = Patience()


def bear(seconds: float, ended: threading.Event) -> None:
    """Let this thread wait so long for the database: for a pool's threads, when they start."""
    patience.seconds = seconds or None
    patience.ended = ended


@contextmanager
def impatient(seconds: float) -> Iterator[None]:
    """Wait so long at the most within this, for what a page can do without."""
    usual = patience.seconds
    patience.seconds = usual and min(usual, seconds)
    try:
        yield
    finally:
        patience.seconds = usual


class Silence:
    """Whether a database was silent, and from when on somebody may try again."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lasts = False
        self.until = 0.0

    def begin(self) -> None:
        with self.lock:
            self.lasts, self.until = True, time.monotonic() + BREATH

    def may_try(self) -> bool:
        """Return whether to connect now; while it lasts, one in a moment may."""
        with self.lock:
            now = time.monotonic()
            if self.lasts and now < self.until:
                return False
            self.until = now + BREATH
            return True

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Connect within this. Raises Silent at once if another thread tried just now."""
        if not self.may_try():
            raise Silent("It was silent a moment ago.")
        try:
            yield
        except psycopg.errors.ConnectionTimeout:
            self.begin()
            raise
        self.lasts = False


def within[W, R, T](
    seconds: float, waiting: Generator[W, R, T], silence: Silence
) -> Generator[W, R, T]:
    """Do what psycopg's generator `waiting` does. Raises Silent after seconds of silence.

    What drives it says ten times a second that nothing came (psycopg's READY_NONE).
    """
    heard = time.monotonic()
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if ready:
                heard = time.monotonic()
            elif patience.ended.is_set():
                raise Silent("It was still silent when this server was to end.")
            elif time.monotonic() - heard > seconds:
                silence.begin()
                raise Silent("It has been silent for too long.")
            wanted = waiting.send(ready)
    except StopIteration as end:
        return end.value
