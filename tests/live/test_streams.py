"""Event streams by address and role: who is told what, when they end, what they cost."""

from __future__ import annotations

import datetime
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from annotate.accounts.actions import set_role
from annotate.accounts.sessions import end_sessions
from annotate.annotations import actions as tagging
from annotate.articles.actions import set_status
from annotate.live import hub
from annotate.live.access import Access
from annotate.live.models import Event
from annotate.moderation.decisions import decide_about
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Decision
from annotate.operations.logs import TextFormatter
from annotate.reviews import actions
from tests.apart import run_apart
from tests.factories import PASSWORD, make_article, make_user
from tests.live.streams import LISTENERS, listeners, running_server, session_of
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def open_round(article, ana, ben, mo):
    return actions.open_round(article, by=mo, mode="open", reviewers=[ana, ben])


@pytest.fixture
def blind(article, ana, ben, mo):
    return actions.open_round(article, by=mo, reviewers=[ana, ben], needed=2)


def tag(article, person, label, start=0, end=5) -> int:
    """Tag; return the number of the event."""
    return tagging.annotate(
        article=article, reviewer=person, label=label, start=start, end=end
    ).event


def listening(server) -> None:
    """Wait until the server hears the database and nobody's access is in doubt."""
    wait_until(
        lambda: listeners() > server.others and not server.hub.doubted and settled(server)
    )


def settled(server) -> bool:
    return not any(one.checking for some in list(server.hub.streams.values()) for one in some)


# --- What a stream is -------------------------------------------------------------------


def test_a_stream_begins_with_the_last_event_and_is_not_held_back(
    server, article, open_round, ana
):
    stream = server.open(article, ana)
    headers = stream.response.headers
    assert stream.status == 200
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-store, no-transform, private"
    assert headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in headers
    assert "Content-Length" not in headers
    assert stream.opened() == Event.objects.latest("number").number


def test_without_a_server_that_keeps_it_open_the_browser_comes_back(client, article, ana):
    client.force_login(ana)
    answer = client.get(f"/articles/{article.pk}/live/", headers={"Accept-Encoding": "gzip"})
    assert answer.text == "retry: 20000\n\nevent: seen\ndata: 0\n\n"
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("headers", [{"Accept": "text/event-stream"}, {"HX-Request": "true"}])
def test_without_a_session_there_is_no_stream(client, article, headers):
    answer = client.get(f"/articles/{article.pk}/live/", headers=headers)
    assert (answer.status_code, answer.text) == (401, "Your session has ended. Sign in again.")


def test_a_story_that_is_a_secret_has_no_stream(server, ben, ana):
    draft = make_article(title="A draft", body="No.", submitted_by=ana, status="draft")
    assert server.open(draft, ben).status == 404
    assert server.open(draft, ana).status == 200


# --- Who is told what ---------------------------------------------------------------------


def test_in_an_open_round_everybody_is_told_of_everything(
    server, article, open_round, ana, ben, mo, claim
):
    streams = [server.open(article, person) for person in (ana, ben, mo)]
    for stream in streams:
        stream.opened()
    listening(server)
    event = tag(article, ana, claim)
    assert [stream.next("seen") for stream in streams] == [event] * 3


def test_a_blind_round_tells_nobody_but_moderators_of_others(
    server, article, blind, ana, ben, mo, claim, evidence
):
    of_ana, of_mo = server.open(article, ana), server.open(article, mo)
    of_ana.opened(), of_mo.opened()
    listening(server)
    others = tag(article, ben, claim)
    assert of_mo.next("seen") == others
    actions.assign(blind, [make_user("cleo")], by=mo)
    actions.submit(article, by=ben)
    own = tag(article, ana, evidence)
    # The very next thing that she is told of is her own.
    assert of_ana.next("seen") == own


def test_the_reveal_is_told_and_what_follows_it(server, article, blind, ana, ben, mo, claim):
    stream = server.open(article, ana)
    stream.opened()
    listening(server)
    actions.reveal(blind, by=mo)
    told = Event.objects.filter(kind="round").latest("number").number
    event = tag(article, ben, claim)
    seen = stream.next("seen")
    assert seen in (told, event)
    while seen < event:
        seen = stream.next("seen")
    assert seen == event


def test_a_blind_round_that_follows_an_open_one_is_blind_at_once(
    server, article, open_round, ana, ben, mo, claim
):
    stream = server.open(article, ana)
    stream.opened()
    listening(server)
    actions.close(open_round, by=mo)
    actions.open_round(article, by=mo, reviewers=[ana, ben])
    tag(article, ben, claim)  # perhaps before her access was settled anew
    own = tag(article, ana, claim)
    told = set()
    while own not in told:
        told.add(stream.next("seen"))
    others = Event.objects.filter(by=ben.pk, kind="tags").values_list("number", flat=True)
    assert not told & set(others)


def test_another_story_is_not_told_of(server, article, open_round, ana, ben, mo, claim):
    other = make_article("Another story", "It has one sentence.")
    actions.open_round(other, by=mo, mode="open", reviewers=[ben])
    stream = server.open(article, ana)
    stream.opened()
    listening(server)
    tag(other, ben, claim)
    event = tag(article, ben, claim)
    assert stream.next("seen") == event


# --- How a stream ends --------------------------------------------------------------------


def test_a_stream_ends_on_sign_out(server, article, ana):
    client = Client()
    client.force_login(ana)
    session = client.cookies["sessionid"].value
    stream, other = server.open(article, session=session), server.open(article, ana)
    stream.opened(), other.opened()
    listening(server)
    client.post("/accounts/sign-out/")
    assert stream.ended() == []
    assert wait_until(lambda: settled(server))
    assert len(server.hub.streams[article.pk]) == 1  # the other browser stays


@pytest.mark.parametrize("what", ["password", "inactive", "session", "all sessions"])
def test_a_stream_ends_with_what_it_stood_on(server, article, ana, what):
    session = session_of(ana)
    stream = server.open(article, session=session)
    stream.opened()
    listening(server)
    if what == "password":
        ana.set_password(PASSWORD + "!")
        ana.save()
    elif what == "inactive":
        ana.is_active = False
        ana.save(update_fields=["is_active"])
    elif what == "all sessions":
        end_sessions(ana)
    else:
        Session.objects.filter(pk=session).delete()
    assert stream.ended() == []
    assert server.open(article, session=session).status == 401


def test_the_streams_of_a_suspended_person_end(server, article, ana, mo):
    session = session_of(ana)
    stream = server.open(article, session=session)
    stream.opened()
    listening(server)
    until = timezone.now() + datetime.timedelta(days=1)
    verdict = Verdict(Decision.Kind.SUSPEND, until=until)
    decide_about(ana, verdict, by=mo)
    assert stream.ended() == []
    assert server.open(article, session=session).status == 403


def test_a_stream_ends_when_the_session_expires(server, article, ana):
    session = session_of(ana)
    soon = timezone.now() + datetime.timedelta(seconds=1)
    Session.objects.filter(pk=session).update(expire_date=soon)
    stream = server.open(article, session=session)
    assert stream.ended() == ["seen"]


def test_who_may_no_longer_see_a_draft_loses_its_stream(server, mo, ana):
    draft = make_article(title="A draft", body="No.", submitted_by=ana, status="draft")
    stream = server.open(draft, mo)
    stream.opened()
    listening(server)
    set_role(mo, "reviewer")
    assert stream.ended() == []


def test_who_is_no_moderator_any_more_is_told_less(
    server, article, blind, ana, mo, claim, evidence
):
    stream = server.open(article, mo)
    stream.opened()
    listening(server)
    set_role(mo, "reviewer")
    assert stream.next("stale") is None
    tag(article, ana, claim)
    set_status(article, "locked")
    assert stream.next("seen") == Event.objects.latest("number").number


def test_all_streams_end_when_the_server_stops(article, ana, ben, transactional_db):
    with running_server() as server:
        streams = [server.open(article, person) for person in (ana, ben)]
        for stream in streams:
            stream.opened()
    assert [stream.ended() for stream in streams] == [[], []]


# --- Gaps and costs ----------------------------------------------------------------------


def test_what_happened_while_nobody_listened_is_told(
    server, article, open_round, ana, ben, claim, caplog
):
    stream = server.open(article, ana)
    stream.opened()
    listening(server)
    caplog.handler.setFormatter(TextFormatter())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {LISTENERS}")
    event = tag(article, ben, claim)
    assert stream.next("seen") == event
    # Of no request, though one made it listen.
    said = "WARNING annotate.live.hub -: Event streams: the database does not answer: "
    assert said in caplog.text


def test_two_processes_tell_the_same(server, article, open_round, ana, ben, claim):
    with running_server() as second:
        streams = [server.open(article, ana), second.open(article, ben)]
        for stream in streams:
            stream.opened()
        wait_until(lambda: listeners() == server.others + 2)
        event = tag(article, ben, claim)
        assert [stream.next("seen") for stream in streams] == [event, event]


def test_idle_streams_ask_the_database_nothing(
    server, article, open_round, ana, ben, mo, monkeypatch
):
    monkeypatch.setattr("annotate.live.hub.BEAT", 0.05)
    streams = [server.open(article, person) for person in (ana, ben, mo)]
    for stream in streams:
        stream.opened()
        stream.next("here")
    listening(server)

    def nothing_is_asked() -> bool:
        before = statements()
        for _ in range(20):  # beats, as long as comings and goings take to be told
            for stream in streams:
                stream.next("beat")
        return statements() == before

    wait_until(nothing_is_asked)
    assert listeners() == server.others + 1


def statements() -> list:
    """When each connection of others last began a statement: any query moves one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, query_start FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY pid"
        )
        return cursor.fetchall()


def test_a_reader_who_does_not_read_costs_no_memory(
    server, article, open_round, ana, ben, claim
):
    stream = server.open(article, ana)
    stream.opened()
    listening(server)
    (inside,) = server.hub.streams[article.pk]
    first = tag(article, ben, claim)
    for number in range(50):
        tagging.undo(article, by=ben) if number % 2 == 0 else tagging.redo(article, by=ben)
    last = Event.objects.latest("number").number
    wait_until(lambda: inside.told == last)
    told = [stream.next("seen")]
    while told[-1] < last:
        told.append(stream.next("seen"))
    assert told == sorted(set(told))
    assert told[0] >= first


def test_an_event_while_a_stream_opens_is_not_missed(
    server, article, open_round, ana, ben, claim, evidence
):
    """Again and again: read a page's number, open a stream, while somebody tags."""
    rounds, seen_last = 15, []
    session = session_of(ana)
    stop = threading.Event()

    def go_on_tagging():
        try:
            tag(article, ben, claim)
            while not stop.is_set():
                tagging.undo(article, by=ben)
                tagging.redo(article, by=ben)
        finally:
            connection.close()

    thread = threading.Thread(target=go_on_tagging)
    thread.start()
    try:
        for _ in range(rounds):
            stream = server.open(article, session=session)
            first = stream.next("seen")
            later = [stream.next("seen") for _ in range(3)]
            assert [first, *later] == sorted({first, *later})
            seen_last.append(later[-1])
            stream.close()
        last = server.open(article, session=session)
        seen = last.next("seen")
    finally:
        stop.set()
        thread.join(10)
    end = Event.objects.latest("number").number
    while seen < end:
        seen = last.next("seen")
    assert seen == end


class Page:
    """What a page does with its stream, and nothing more: sentences by their id."""

    def __init__(self, person, article) -> None:
        self.client, self.article = Client(headers={"HX-Request": "true"}), article
        self.client.force_login(person)
        self.session = self.client.cookies["sessionid"].value
        self.read_all()

    def read_all(self) -> None:
        whole = self.client.get(
            f"/articles/{self.article.pk}/", headers={"HX-Request": ""}
        ).text
        self.sentences = sentences_of(whole)
        self.latest = latest_in(whole)

    def hear(self, number: int) -> None:
        if number <= self.latest:
            return
        asked = {"since": self.latest}
        answer = self.client.get(f"/articles/{self.article.pk}/changes/", asked).text
        if " data-stale" in answer:
            self.read_all()
        else:
            self.sentences |= sentences_of(answer.replace(' hx-swap-oob="true"', ""))
            self.latest = latest_in(answer)


def sentences_of(html: str) -> dict[str, str]:
    found = re.findall(r'<span id="sentence-(\d+)".*?</span>(?=<|\s|$)', html, re.DOTALL)
    parts = re.split(r'(?=<span id="sentence-)', html)[1:]
    assert len(found) == len(parts)
    # Up to where the sentence's own element ends.
    return {pk: part[: matching_end(part)] for pk, part in zip(found, parts, strict=True)}


def matching_end(part: str) -> int:
    depth = 0
    for tag in re.finditer(r"<(/?)span\b", part):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    raise AssertionError(part)


def latest_in(html: str) -> int:
    return int(re.search(r'data-latest="(\d+)"', html)[1])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_page_that_reconnects_again_and_again_ends_with_the_whole_truth(
    server, article, open_round, ana, ben, mo, labels, seed
):
    """While others tag, undo and redo, and the database drops who listens."""
    dice = random.Random(seed)
    stop = threading.Event()
    rows = list(article.sentences.all())

    def work(person):
        own = random.Random(f"{seed} {person}")
        try:
            while not stop.is_set():
                row, label = own.choice(rows), own.choice(list(labels.values()))
                tag(article, person, label, row.start, row.end)
                own.choice([tagging.undo, tagging.redo, tagging.undo])(article, by=person)
        finally:
            connection.close()

    page = Page(ana, article)
    threads = [threading.Thread(target=work, args=(one,)) for one in (ana, ben)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(12):
            stream = server.open(article, session=page.session)
            for _ in range(dice.randrange(3)):
                page.hear(stream.next("seen"))
            if dice.random() < 0.3:
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT pg_terminate_backend(pid) {LISTENERS}")
            if dice.random() < 0.6:
                stream.close()
            else:
                page.hear(stream.next("seen"))
        last = server.open(article, session=page.session)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    end = Event.objects.latest("number").number
    while page.latest < end:
        page.hear(last.next("seen"))
    shown = page.sentences
    page.read_all()
    assert shown == page.sentences


def test_streams_that_open_at_the_same_time_each_hear_all(ana):
    """Two that have heard nothing yet are equal, and still not the same."""
    opening = hub.Hub(ThreadPoolExecutor(1))
    with opening.overhear() as first:
        with opening.overhear():
            pass
        opening._hear({"at": [1, 2, 3]})
    assert first == [{"at": [1, 2, 3]}]


def access(**changes) -> Access:
    standing = Access(
        article=1,
        person=2,
        session="",
        expires=timezone.now() + datetime.timedelta(days=1),
        sees_all=False,
        moderates=False,
        pseudonyms=False,
        latest=5,
    )
    return replace(standing, **changes)


@pytest.mark.parametrize(("sees_all", "told"), [(True, 7), (False, 5)])
def test_what_comes_while_access_is_settled_is_told_if_it_may_be(sees_all, told):
    stream = hub.Stream(access(sees_all=True))
    stream.doubt()
    stream.hear(7, by=3, kind="tags")
    assert stream.newest == 5
    stream.settle(access(sees_all=sees_all))
    assert stream.newest == told


def test_what_comes_while_a_stream_opens_is_told_when_it_is_open():
    async def opened() -> int:
        opening, stream = hub.Hub(ThreadPoolExecutor(1)), hub.Stream(access())
        opening._add(stream, [{"event": 6, "article": 1, "by": 2, "kind": "tags"}])
        await opening.stop()
        return stream.newest

    assert run_apart(opened()) == 6


def test_who_reads_nothing_is_let_go_and_costs_a_bounded_buffer(
    server, article, open_round, ana, ben, claim, monkeypatch
):
    monkeypatch.setattr("annotate.live.hub.PATIENCE", 0.2)
    monkeypatch.setattr("annotate.live.hub.BEAT", 0.001)
    monkeypatch.setattr("annotate.live.wire.BEAT", b":" * 100_000)
    stream = server.open(article, ana)  # and never read
    assert stream.status == 200
    wait_until(lambda: not server.hub.streams)


def test_psycopg_is_told_to_watch_the_connection():
    async def parameters() -> dict:
        async with await hub.connect() as listening:
            return listening.info.get_parameters()

    assert run_apart(parameters())["keepalives_idle"] == "10"
