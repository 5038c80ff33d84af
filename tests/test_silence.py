"""A database that does not answer, on connections that look well: pages say so and go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from select import select

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from annotate import connections
from annotate.database.base import SILENCES
from tests.processes import wait_until
from tests.proxy import Proxy, in_a_thread

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 0.7  # seconds

type Doing = Callable[[Callable[[], object]], object]


@pytest.fixture
def network(tmp_path_factory) -> Iterator[Proxy]:
    """What lies between the threads below and the database."""
    given = connection.settings_dict
    place = Path(tmp_path_factory.mktemp("db"))
    name = f".s.PGSQL.{given['PORT'] or 5432}"
    there = f"{given['HOST']}/{name}" if given["HOST"].startswith("/") else int(given["PORT"])
    with in_a_thread(Proxy([there], path=f"{place}/{name}")) as proxy:
        host, given["HOST"] = given["HOST"], str(place)
        yield proxy
        given["HOST"] = host
        connection.close()
    SILENCES.clear()


@pytest.fixture
def ended() -> threading.Event:
    """What is set when the server of the thread is to end."""
    return threading.Event()


@pytest.fixture
def thread(network, ended, monkeypatch) -> Iterator[Doing]:
    """Do something in a thread as those that make pages."""
    monkeypatch.setattr(connections, "BREATH", 0.3)
    with ThreadPoolExecutor(1, "page", connections.bear, (PATIENCE, ended)) as pool:
        yield lambda work: pool.submit(work).result(20)
        pool.submit(lambda: connection.close()).result()


def ask() -> tuple[int, float]:
    """Return how a page is answered, and after how many seconds."""
    began = time.monotonic()
    answer = Client().get("/healthz/")
    return answer.status_code, time.monotonic() - began


def test_silence_is_told_in_time_and_then_at_once(network, thread):
    assert thread(ask)[0] == 200
    network.hush()

    status, seconds = thread(ask)
    assert (status, PATIENCE <= seconds < PATIENCE + 1) == (503, True)
    status, seconds = thread(ask)
    assert (status, seconds < 0.2) == (503, True)

    network.speak()
    wait_until(lambda: thread(ask)[0] == 200)  # once somebody may try again


def test_new_connections_are_not_waited_for_longer_than_the_thread_bears(network, thread):
    network.hush()
    status, seconds = thread(ask)
    assert (status, seconds < 2.5) == (503, True)  # libpq takes no less than two


def test_whoever_is_slow_is_no_silent_database(network, thread):
    """PostgreSQL ends the statement itself, and the connection stays."""

    def sleep() -> tuple[str, int]:
        connection.ensure_connection()
        before = connection.connection.info.backend_pid
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(10)")
        except Exception as error:
            said = str(error)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return said, cursor.fetchone()[0] - before

    assert thread(sleep) == ("canceling statement due to statement timeout", 0)
    assert thread(ask)[0] == 200


def test_silence_as_a_cursor_of_the_server_is_closed_is_an_error_of_djangos(network, thread):
    """Which is what pages answer with 503; what the driver raises itself would be a 500."""

    def read() -> Exception | None:
        cursor = connection.chunked_cursor()
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [(1,)]
        network.hush()
        try:
            cursor.close()
        except Exception as error:
            return error
        return None

    assert connections.is_away(thread(read))


def test_server_that_ends_waits_for_no_statement(network, thread, ended):
    thread(ask)
    network.hush()
    threading.Timer(0.2, ended.set).start()

    status, seconds = thread(ask)
    assert (status, seconds < 1) == (503, True)


def test_what_postgresql_ended_as_abandoned_is_no_error_of_ours():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 1")
        select([connection.connection.fileno()], [], [], 10)  # until it says so
        with pytest.raises(DatabaseError) as caught:
            cursor.execute("SELECT 1")
        connection.set_rollback(True)
    assert connections.is_away(caught.value)


def test_commands_wait_as_long_as_it_takes(network):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone() == ("0",)
