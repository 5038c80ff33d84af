"""The worker that comes along with `make run`, a thread of its process."""

from __future__ import annotations

import logging
import threading

from django.db import OperationalError, connection
from django.utils.crypto import get_random_string

logger = logging.getLogger(__name__)
INTERVAL = 2  # seconds between two looks at the queue
PAUSE = 5  # seconds before it goes on after the database was away
ENDING = 10  # seconds that a mail on its way is given

_ended = threading.Event()
_thread: threading.Thread | None = None


def start() -> None:
    """Begin to carry out tasks; called once all apps are loaded."""
    global _thread
    _ended.clear()
    # A daemon: it may be asleep when the site ends, and nobody waits for that.
    _thread = threading.Thread(target=_run, name="worker", daemon=True)
    _thread.start()


def stop() -> None:
    """Let the task that is under way end, and begin no other."""
    _ended.set()
    if _thread:
        _thread.join(ENDING)


def _run() -> None:
    from django_tasks_db.management.commands.db_worker import Worker

    while not _ended.is_set():
        worker = Worker(
            queue_names=["default"],
            interval=0,
            batch=True,  # ends when the queue is empty
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        pause = INTERVAL
        try:
            worker.run()
        except Exception as error:
            if isinstance(error, OperationalError):  # the database is away for a moment
                logger.warning("The worker tries again in %s seconds: %s", PAUSE, error)
            else:
                logger.exception("The worker goes on in %s seconds.", PAUSE)
            connection.close()
            pause = PAUSE
        _ended.wait(pause)
    connection.close()
