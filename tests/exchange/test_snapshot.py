"""An export is of one moment, whatever others do while it is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from annotate.annotations import actions
from annotate.articles.models import Article
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = """
    SELECT count(*) FROM pg_locks
    WHERE relation = 'annotations_annotation'::regclass AND NOT granted
"""


def by_page(article: Article, name: str, person, file: Path) -> None:
    client = Client()
    client.force_login(person)
    response = client.get(f"/articles/{article.pk}/export/{name}/")
    file.write_bytes(b"".join(response.streaming_content))


def by_command(article: Article, name: str, person, file: Path) -> None:
    call_command("export_article", article.pk, "--format", name, "--output", str(file))


def change_between(export: Callable[[], None], change: Callable[[], object]) -> None:
    """Run an export, and change something when it has read the article and not yet the tags."""

    def run() -> None:
        try:
            export()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE annotations_annotation IN ACCESS EXCLUSIVE MODE")
        thread.start()

        def waits() -> bool:
            cursor.execute(WAITING)
            return cursor.fetchone()[0] == 1

        wait_until(waits)
        change()
    thread.join(30)


@pytest.mark.parametrize("export", [by_page, by_command])
@pytest.mark.parametrize("name", ["jsonl", "csv"])
def test_a_change_in_between_is_not_in_it(article, ana, mo, claim, export, name, tmp_path):
    actions.annotate(article=article, reviewer=ana, label=claim, start=27, end=75)
    before, during, after = (tmp_path / when for when in ("before", "during", "after"))
    export(article, name, mo, before)

    def change() -> None:
        actions.annotate(article=article, reviewer=ana, label=claim, start=27, end=31)
        Article.objects.update(title="Another title")

    change_between(lambda: export(article, name, mo, during), change)

    export(article, name, mo, after)
    assert during.read_bytes() == before.read_bytes()
    assert after.read_bytes() != before.read_bytes()
