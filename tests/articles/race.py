"""Make two people save in the same moment, on the real database."""

import threading
from collections.abc import Callable

from django.db import connection, transaction

from tests.processes import wait_until

WAITING = """
    SELECT count(*) FROM pg_locks
    WHERE relation = 'articles_article'::regclass AND NOT granted
"""


def run_until_all_write(*saves: Callable[[], object]) -> None:
    """Run each in a thread of its own; none may write an article before all want to.

    What they read of articles before that, they read before any has written.
    """
    threads = [threading.Thread(target=save) for save in saves]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE articles_article IN SHARE MODE")  # reading is free
        for thread in threads:
            thread.start()

        def all_wait() -> bool:
            cursor.execute(WAITING)
            return cursor.fetchone()[0] == len(threads)

        wait_until(all_wait)
    for thread in threads:
        thread.join(30)
