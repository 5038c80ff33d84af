from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.streams import Server, running_server


@pytest.fixture(scope="module")
def one_server(django_db_setup, django_db_blocker) -> Iterator[Server]:
    with django_db_blocker.unblock(), running_server() as server:
        yield server


@pytest.fixture
def server(one_server, transactional_db) -> Iterator[Server]:
    """A server that listens; each test leaves it without streams."""
    yield one_server
    one_server.close_streams()
