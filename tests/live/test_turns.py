"""Who asks what others did waits in line, so that work and pages do not wait behind them."""

from __future__ import annotations

from http.client import HTTPConnection

import psycopg
import pytest
from django.db import connection

from tests.live.streams import session_of
from tests.processes import query, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


def test_pages_are_answered_while_many_ask_what_others_did(server, article, ana):
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    cookie = {"Cookie": f"sessionid={session_of(ana)}"}

    def ask(path: str) -> HTTPConnection:
        asking = HTTPConnection("127.0.0.1", server.port, timeout=10)
        asking.request("GET", path, headers={**cookie, "HX-Request": "true"})
        return asking

    with psycopg.connect(**parameters) as locking:
        locking.execute("LOCK TABLE live_event")  # until the block ends
        asking = [ask(f"/articles/{article.pk}/changes/?since=0") for _ in range(8)]
        wait_until(lambda: query(locking.info.dsn, WAITING) != [(0,)])
        assert ask("/").getresponse().status == 200
    assert [one.getresponse().status for one in asking] == [200] * 8
