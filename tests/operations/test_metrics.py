"""/metrics/: who may read it, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import isnan

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotate.articles.uploads import place
from annotate.moderation.models import Case
from annotate.notices.tasks import deliver
from annotate.operations import metrics
from tests.live.streams import running_server
from tests.processes import wait_until

TOKEN = "for a monitor"


@pytest.fixture
def measured(settings):
    settings.METRICS_TOKEN = TOKEN
    metrics.request_seconds.clear()


@pytest.fixture
def unreachable(db) -> Iterator[None]:
    connection.close()
    real = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere/to/be/found"
    yield
    connection.settings_dict["HOST"] = real


def figures(client) -> dict[str, float]:
    """Return what a monitor reads: each series by its name and labels."""
    # It asks a process by its port, as it is called inside, and without HTTPS.
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "web-1.internal:8001"}
    answer = client.get("/metrics/", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(figure) for name, _, figure in (one.rpartition(" ") for one in lines)}


@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer other"}, {"Authorization": TOKEN}]
)
def test_others_find_no_such_page(client, db, measured, given):
    assert client.get("/metrics/", headers=given).status_code == 404


def test_without_a_token_there_is_no_such_page(client, db, settings):
    settings.METRICS_TOKEN = ""
    for given in ("", "Bearer", "Bearer "):
        assert client.get("/metrics/", headers={"Authorization": given}).status_code == 404


def test_a_monitor_needs_no_https_no_allowed_host_and_no_session(
    client, db, measured, settings, django_assert_num_queries
):
    settings.SECURE_SSL_REDIRECT = True
    with django_assert_num_queries(1):
        assert figures(client)["annotate_database_up"] == 1


def test_requests_are_measured_by_route_method_and_status(client, db, measured, ana, article):
    client.force_login(ana)
    client.get(f"/articles/{article.pk}/")
    client.post(f"/articles/{article.pk}/annotations/", {"start": 0, "end": 5})
    client.get("/nowhere/somebody-made-this-up/")
    client.generic("MADE-UP", "/healthz/")
    begin = "annotate_request_seconds_count"
    counts = {name: n for name, n in figures(client).items() if name.startswith(begin)}
    assert counts == {
        f'{begin}{{method="GET",route="article",status="2xx"}}': 1,
        f'{begin}{{method="POST",route="annotate",status="4xx"}}': 1,
        f'{begin}{{method="GET",route="",status="4xx"}}': 1,
        f'{begin}{{method="other",route="",status="4xx"}}': 1,
    }


def test_nothing_is_measured_that_nobody_reads(client, db, measured, settings):
    settings.METRICS_TOKEN = ""
    client.get("/healthz/")
    settings.METRICS_TOKEN = TOKEN
    assert not [name for name in figures(client) if name.startswith("annotate_request")]


def test_what_waits_is_told_with_the_age_of_the_oldest(client, db, measured, ana, ben, mo):
    now = timezone.now()
    for person, days in [(ana, 1), (ben, 3), (mo, 9)]:
        at = now - timedelta(days=days)
        Case.objects.create(kind="person", person=person, opened_at=at)
    Case.objects.filter(person=mo).update(state="decided", decided_at=now, decided_by=ben)
    deliver.enqueue()
    deliver.using(run_after=now + timedelta(hours=1)).enqueue()
    DBTaskResult.objects.update(enqueued_at=now - timedelta(minutes=6))
    deliver.enqueue()  # just now
    deliver.enqueue()
    DBTaskResult.objects.filter(pk=DBTaskResult.objects.last().pk).update(status="FAILED")
    found = figures(client)
    assert found["annotate_cases_open"] == 2
    assert found["annotate_cases_oldest_seconds"] == pytest.approx(3 * 86_400, abs=60)
    assert found["annotate_tasks_late"] == 1
    assert found["annotate_tasks_failed"] == 1


def test_files_that_are_being_read_are_counted(client, db, measured, ana):
    assert figures(client)["annotate_files_being_read"] == 0
    with place(ana):
        assert figures(client)["annotate_files_being_read"] == 1


def test_while_the_database_is_away_the_page_says_so(client, db, measured, unreachable):
    before = figures(client)["annotate_database_errors_total"]
    assert client.get("/healthz/").status_code == 503
    found = figures(client)
    assert found["annotate_database_up"] == 0
    assert found["annotate_database_errors_total"] == before + 1
    assert isnan(found["annotate_cases_open"])
    assert found["process_open_fds"] > 0


@pytest.mark.django_db(transaction=True)
def test_open_streams_are_counted_and_that_one_listens(client, measured, article, ana):
    assert figures(client)["annotate_streams_open"] == 0
    with running_server() as server:
        server.open(article, ana).opened()
        wait_until(lambda: figures(client)["annotate_listening"] == 1)
        assert figures(client)["annotate_streams_open"] == 1
        server.close_streams()
        wait_until(lambda: figures(client)["annotate_streams_open"] == 0)
    assert figures(client)["annotate_listening"] == 0
