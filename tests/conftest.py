"""The fixed cast: two reviewers, a moderator, an admin, and one open story."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

from tests.browser import find_browser
from tests.processes import ROWS, SAID, copy_home, data_home, running_site, scratch

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"),
    *("--no-first-run", "--disable-component-update", "--disable-sync"),
    # A process for each page takes a tenth more, one for a GPU that is not there as much,
    # threads to compile in half of that.
    *("--renderer-process-limit=1", "--in-process-gpu", "--js-flags=--single-threaded"),
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": [*QUIET]}


# --- Data directories of sites of their own -------------------------------------------------
SHARED = "ANNOTATE_TESTS_SHARED"


def pytest_configure(config: pytest.Config) -> None:
    """Make a directory that all processes of this run share, and no other run."""
    # Collecting garbage less often takes a tenth of the time of a test away.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    if hasattr(config, "workerinput"):
        return
    # Where that is set, each process that a test starts would compile the whole site.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ[SHARED] = tempfile.mkdtemp(prefix="annotate-", dir=scratch())
    config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True))


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty data directory."""
    with data_home() as home:
        yield home


@pytest.fixture(scope="session")
def first_used_home() -> Path:
    """A data directory in which the site ran before. For copies: nothing shall run in it.

    Made once for all processes of this run, since the first start takes seconds.
    """
    home = Path(os.environ[SHARED], "used")
    with Path(os.environ[SHARED], "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            making = home.with_name("making")
            making.mkdir()
            with running_site(making) as site:
                (making / ROWS).write_text(site.rows())
                said, _ = site.end()
            (making / SAID).write_text(said)
            making.rename(home)
    return home


@pytest.fixture
def used_home(home: Path, first_used_home: Path) -> Path:
    """A data directory in which the site ran before: starting it again is quick."""
    copy_home(first_used_home, home)
    return home


# --- People and a story ---------------------------------------------------------------------
# What migrations made and no test changes: Django's own flush makes it anew after each test.
KEPT = [
    *("django_migrations", "django_content_type"),
    *("auth_permission", "auth_group", "auth_group_permissions"),
]
FILLED = """
    SELECT quote_ident(relname) FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
           AND pg_relation_size(oid) > 0 AND relname <> ALL (%s)
"""


def _empty_filled_tables(case: TransactionTestCase) -> None:
    for name in case._databases_names(include_mirrors=False):
        with connections[name].cursor() as cursor:
            cursor.execute(FILLED, [KEPT])
            if tables := ", ".join(table for (table,) in cursor.fetchall()):
                _truncate(cursor, tables)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests empty their tables, the audit log, too; that it is not emptied has its own test."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "DROP TRIGGER IF EXISTS audit_log_is_not_emptied ON moderation_auditentry"
        )


def _truncate(cursor: CursorWrapper, tables: str) -> None:
    """What a page that was closed had asked for may still be under way: a deadlock ends it."""
    for left in range(4, -1, -1):
        try:
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        except OperationalError:
            if not left:
                raise
        else:
            return


@pytest.fixture(scope="session", autouse=True)
def empty_quickly():
    """After a test with transactions of its own, empty the tables that it filled.

    Django empties all and sends `post_migrate`: that took a tenth of a second of each test.
    """
    TransactionTestCase._fixture_teardown = _empty_filled_tables


@pytest.fixture
def labels(db):
    """The labels that a migration adds; a browser test's flush takes them away."""
    from importlib import import_module

    from annotate.annotations.models import Label

    for label in import_module("annotate.annotations.migrations.0002_add_labels").LABELS:
        Label.objects.get_or_create(slug=label["slug"], defaults=label)
    return {label.slug: label for label in Label.objects.all()}


@pytest.fixture
def claim(labels):
    return labels["claim"]


@pytest.fixture
def evidence(labels):
    return labels["evidence"]


def _person(name: str, role: str):
    @pytest.fixture(name=name)
    def person(db):
        from tests.factories import make_user

        return make_user(name, role)

    return person


ana = _person("ana", "reviewer")
ben = _person("ben", "reviewer")
mo = _person("mo", "moderator")
ada = _person("ada", "admin")


@pytest.fixture
def article(labels):
    from tests.factories import make_article

    return make_article()


@pytest.fixture
def as_ana(client, ana):
    client.force_login(ana)
    return client


@pytest.fixture
def sentence(article):
    """The first sentence of the body."""
    return article.sentences.get(position=1)
