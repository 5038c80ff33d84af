"""Who is mailed what and when, once, through the real queue and worker."""

from __future__ import annotations

import datetime
import re
import runpy
import socket
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from annotate import embedded
from annotate.annotations import actions as tagging
from annotate.discussion.actions import begin_thread
from annotate.notices import actions
from annotate.notices.models import Notice
from annotate.notices.tasks import deliver
from annotate.reviews import actions as rounds
from tests.factories import make_user
from tests.notices import backends

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
SETTINGS = Path(embedded.__file__).with_name("settings.py")


@pytest.fixture(autouse=True)
def addresses(ana, ben, mo):
    for person in (ana, ben, mo):
        person.email = f"{person.username}@example.org"
        person.save()


def choose(person, when, *kinds):
    kinds = kinds or ("assignment", "reveal", "mention")
    person.preferences = {"mail": dict.fromkeys(kinds, when)}
    person.save()


def work() -> None:
    """Do what is queued and ready, as `manage.py db_worker` does inside its loop.

    The loop itself closes its connection, which is in a test's transaction.
    """
    worker = Worker(
        queue_names=["default"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    )
    while task := DBTaskResult.objects.ready().get_locked():
        task.claim(worker.worker_id)
        worker.run_task(task)


def time_passes(by: datetime.timedelta) -> None:
    """Let everything have happened, and be planned, so much earlier."""
    for notice in Notice.objects.all():
        Notice.objects.filter(pk=notice.pk).update(created_at=notice.created_at - by)
    for task in DBTaskResult.objects.filter(status="READY"):
        if task.run_after.year < 9999:
            DBTaskResult.objects.filter(pk=task.pk).update(run_after=task.run_after - by)


def test_a_request_only_queues_mail(article, ana, mo, mailoutbox):
    choose(ana, "once")
    rounds.open_round(article, by=mo, reviewers=[ana])
    assert mailoutbox == []
    work()
    assert [one.to for one in mailoutbox] == [["ana@example.org"]]
    work()
    assert len(mailoutbox) == 1


def test_what_is_rolled_back_is_not_mailed(article, ana, mo, mailoutbox):
    choose(ana, "once")
    with transaction.atomic():
        rounds.open_round(article, by=mo, reviewers=[ana])
        transaction.set_rollback(True)
    work()
    assert (mailoutbox, Notice.objects.count(), DBTaskResult.objects.count()) == ([], 0, 0)


def test_the_words_of_an_assignment(article, ana, mo, mailoutbox, settings):
    settings.SITE_URL = "https://annotate.example.org"
    choose(ana, "once")
    rounds.open_round(article, by=mo, reviewers=[ana], due=datetime.date(2099, 5, 1))
    work()
    (mail,) = mailoutbox
    assert mail.subject == "Annotate: A story to review"
    assert mail.extra_headers == {"Auto-Submitted": "auto-generated"}
    assert mail.body == (
        "Hello ana,\n\n"
        "You are a reviewer of “Mayor says taxes may fall”, round 1. It is due on 1 May 2099.\n"
        f"https://annotate.example.org/articles/{article.pk}/\n\n"
        "Which mail you get, you choose in your settings:\n"
        "https://annotate.example.org/accounts/settings/#mail\n"
    )


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"PORT": "8133"}, "http://127.0.0.1:8133"),
        ({"HTTPS": "1", "ALLOWED_HOSTS": ".a.example,b.example"}, "https://a.example"),
        ({"HTTPS": "1", "SITE_URL": "https://c.example/"}, "https://c.example"),
    ],
)
def test_where_links_lead(monkeypatch, environment, address):
    for name in ("PORT", "HTTPS", "ALLOWED_HOSTS", "SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_path(str(SETTINGS))["SITE_URL"] == address


def test_all_reviewers_hear_of_the_reveal(article, ana, ben, mo, mailoutbox):
    for person in (ana, ben):
        choose(person, "once", "reveal")
    round = rounds.open_round(article, by=mo, reviewers=[ana, ben])
    rounds.submit(article, by=ana)
    work()
    assert mailoutbox == []  # neither that somebody submitted
    rounds.reveal(round, by=mo)
    work()
    assert sorted(one.to[0] for one in mailoutbox) == ["ana@example.org", "ben@example.org"]
    assert mailoutbox[0].subject == "Annotate: A review is revealed"
    assert (
        "Round 1 of “Mayor says taxes may fall” is revealed: its reviewers see each other’s "
        "tags and may revise their own."
    ) in mailoutbox[0].body


def test_in_the_blind_phase_nothing_of_others_is_told(article, ana, ben, mo, claim, mailoutbox):
    for person in (ana, ben):
        choose(person, "once")
    rounds.open_round(article, by=mo, reviewers=[ana, ben], needed=3)
    work()
    mailoutbox.clear()
    tagging.annotate(article=article, reviewer=ben, label=claim, start=0, end=5)
    tagging.read_the_rest(article, by=ben)
    rounds.submit(article, by=ben)
    rounds.reopen(article, by=ben)
    rounds.assign(article.rounds.get(), [make_user("cleo")], by=mo)
    work()
    assert mailoutbox == []
    told = Notice.objects.filter(person=ana)
    assert [re.findall(r"\b(ben|cleo)\b", one.text) for one in told] == [[]]


def test_a_mention_says_neither_who_nor_what(article, ana, ben, mo, mailoutbox):
    rounds.open_round(article, by=mo, mode="open", pseudonyms=True, reviewers=[ana, ben])
    mentioned = article.rounds.get().assignments.get(reviewer=ben).pseudonym
    choose(ben, "once", "mention")
    begin_thread(article, by=ana, start=0, end=5, text=f"Is it so, @{mentioned}?")
    work()
    assert mailoutbox[0].to == ["ben@example.org"]
    assert mailoutbox[0].subject == "Annotate: You are mentioned"
    words = "You are mentioned in the discussion of “Mayor says taxes may fall”.\n"
    assert words in mailoutbox[0].body
    assert "ana" not in mailoutbox[0].body
    assert "Is it so" not in mailoutbox[0].body


def test_who_assigns_themselves_is_not_told(article, ana):
    rounds.open_round(article, by=ana, reviewers=[ana])
    assert not Notice.objects.exists()


# --- Once a day -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "digest"),
    [
        ("2026-03-01 06:59", "2026-03-01 07:00"),
        ("2026-03-01 07:00", "2026-03-02 07:00"),
        ("2026-03-31 23:59", "2026-04-01 07:00"),
        ("2026-03-28 12:00", "2026-03-29 07:00"),  # the clocks change
    ],
)
def test_the_digest_is_at_one_hour_of_the_day(moment, digest, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    zone = timezone.get_default_timezone()

    def at(text):
        return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone)

    assert actions.digest_after(at(moment)) == at(digest)


def test_by_default_all_of_a_day_is_one_mail(article, ana, ben, mo, mailoutbox):
    round = rounds.open_round(article, by=mo, reviewers=[ana, ben])
    rounds.reveal(round, by=mo)
    work()
    assert mailoutbox == []
    time_passes(DAY)
    work()
    assert sorted(one.to[0] for one in mailoutbox) == ["ana@example.org", "ben@example.org"]
    assert mailoutbox[0].subject == "Annotate: 2 notes about your reviews"
    assert mailoutbox[0].body.count("Mayor says taxes may fall") == 2
    time_passes(DAY)
    work()
    assert len(mailoutbox) == 2


def test_at_once_does_not_bring_the_digest_along(article, ana, mo, mailoutbox):
    choose(ana, "once", "reveal")
    round = rounds.open_round(article, by=mo, reviewers=[ana])
    rounds.reveal(round, by=mo)
    work()
    assert [one.subject for one in mailoutbox] == ["Annotate: A review is revealed"]


def test_what_is_chosen_when_it_is_mailed_counts(article, ana, mo, mailoutbox):
    rounds.open_round(article, by=mo, reviewers=[ana])
    choose(ana, "never")
    time_passes(DAY)
    work()
    assert mailoutbox == []


def test_a_part_that_was_handed_on_meanwhile_is_not_told(article, ana, ben, mo, mailoutbox):
    yesterday = timezone.localdate() - DAY
    round = rounds.open_round(article, by=mo, due=yesterday, reviewers=[ana])
    rounds.hand_on(round.assignments.get(), ben, by=mo)
    time_passes(DAY)
    work()
    assert [one.to for one in mailoutbox] == [["ben@example.org"]]


@pytest.mark.parametrize("change", [{"email": ""}, {"is_active": False}])
def test_who_cannot_be_mailed_is_passed_over(article, ana, ben, mo, mailoutbox, change):
    rounds.open_round(article, by=mo, reviewers=[ana, ben])
    type(ana).objects.filter(pk=ana.pk).update(**change)
    time_passes(DAY)
    work()
    assert [one.to for one in mailoutbox] == [["ben@example.org"]]
    type(ana).objects.filter(pk=ana.pk).update(email="new@example.org", is_active=True)
    time_passes(7 * DAY)
    deliver.enqueue()
    work()
    assert len(mailoutbox) == 1  # what is a week old is not news


# --- Trouble ----------------------------------------------------------------------------------


@pytest.fixture
def nobody_listens():
    """A port of this machine on which no mail server is."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()[1]


def test_nothing_is_lost_while_the_mail_server_is_down(
    article, ana, ben, mo, mailoutbox, settings, nobody_listens, caplog
):
    for person in (ana, ben):
        choose(person, "once")
    rounds.open_round(article, by=mo, reviewers=[ana, ben])
    up = settings.MAILERS
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": nobody_listens, "timeout": 2},
        }
    }
    work()
    assert f"Mail to person {ana.pk} was not sent. It is tried again." in caplog.text
    assert Notice.objects.filter(mailed_at=None).count() == 2
    assert DBTaskResult.objects.filter(status="READY").count() == 1  # one further try
    time_passes(datetime.timedelta(minutes=16))
    work()
    assert DBTaskResult.objects.filter(status="READY").count() == 1
    settings.MAILERS = up
    time_passes(datetime.timedelta(minutes=16))
    work()
    assert sorted(one.to[0] for one in mailoutbox) == ["ana@example.org", "ben@example.org"]
    time_passes(datetime.timedelta(minutes=16))
    work()
    assert not DBTaskResult.objects.filter(status="READY").exists()
    assert len(mailoutbox) == 2


def test_a_worker_that_is_killed_leaves_another_try(article, ana, mo, mailoutbox):
    """The next try stands in the queue before the first mail is sent."""
    choose(ana, "once")
    rounds.open_round(article, by=mo, reviewers=[ana])
    DBTaskResult.objects.all().delete()
    actions.mail_everybody, real = _killed, actions.mail_everybody
    try:
        with pytest.raises(SystemError):
            deliver.call()
    finally:
        actions.mail_everybody = real
    time_passes(datetime.timedelta(minutes=16))
    work()
    assert len(mailoutbox) == 1


def _killed(now):
    raise SystemError("killed")


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_nobody_twice(article, ana, mo, mailoutbox, settings):
    choose(ana, "once")
    rounds.open_round(article, by=mo, reviewers=[ana])
    settings.MAILERS = {"default": {"BACKEND": "tests.notices.backends.HeldBackend"}}
    backends.has_mail.clear()
    backends.go.clear()
    sent = []

    def send():
        try:
            sent.append(actions.mail_everybody(timezone.now()))
        finally:
            connection.close()

    first = threading.Thread(target=send)
    first.start()
    assert backends.has_mail.wait(10)
    send()  # while the first holds its mail
    assert sent == [0]
    backends.go.set()
    first.join(10)
    send()
    assert (sent, len(mailoutbox)) == ([0, 1, 0], 1)
    assert Notice.objects.exclude(mailed_at=None).count() == 1


def test_finished_tasks_are_pruned(article, ana, mo):
    choose(ana, "once")
    rounds.open_round(article, by=mo, reviewers=[ana])
    work()
    old = timezone.now() - 15 * DAY
    DBTaskResult.objects.filter(status="SUCCESSFUL").update(finished_at=old)
    rounds.reveal(article.rounds.get(), by=mo)
    work()
    assert not DBTaskResult.objects.filter(finished_at=old).exists()


# --- The worker of `make run` ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_worker_of_make_run_mails_and_ends(article, ana, mo, settings):
    from annotate.notices import worker

    choose(ana, "once")
    rounds.open_round(article, by=mo, reviewers=[ana])
    settings.MAILERS = {"default": {"BACKEND": "tests.notices.backends.HeldBackend"}}
    backends.has_mail.clear()
    backends.go.clear()
    worker.start()
    assert backends.has_mail.wait(10)
    backends.go.set()
    worker.stop()
    assert Notice.objects.exclude(mailed_at=None).count() == 1
    assert not [one for one in threading.enumerate() if one.name == "worker"]


# --- Settings ---------------------------------------------------------------------------------


def test_a_person_chooses_what_is_mailed(as_ana, ana):
    page = as_ana.get("/accounts/settings/").text
    assert "To ana@example.org." in page
    assert page.count('<option value="digest" selected>') == 3
    form = {"public_name": "ana", "email": "ana@example.org", "theme": "system"}
    done = as_ana.post("/accounts/settings/", {**form, "mail_reveal": "never"})
    assert done.status_code == 303
    ana.refresh_from_db()
    assert ana.preferences["mail"] == {
        "assignment": "digest",
        "reveal": "never",
        "mention": "digest",
        "decision": "once",
    }


def test_without_an_address_the_settings_say_so(as_ana, ana):
    type(ana).objects.update(email="")
    page = as_ana.get("/accounts/settings/").text
    assert "You get no mail: there is no address above." in page


def test_mail_that_makes_no_sense_counts_as_not_chosen(ana):
    from annotate.accounts.preferences import Preferences

    ana.preferences = {"mail": {"reveal": "hourly", "other": "never", "mention": "never"}}
    assert Preferences.of(ana).mail == {
        "assignment": "digest",
        "reveal": "digest",
        "mention": "never",
        "decision": "once",
    }
