"""A person asks that their account be erased; then nothing in the database names them."""

from __future__ import annotations

import datetime
import json

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.discussion import actions as discussing
from annotate.discussion.models import Comment, Step
from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import AuditEntry, Case, Reason
from annotate.reviews import actions as rounds
from tests.factories import PASSWORD, make_article, make_user
from tests.moderation.test_decisions import Kind, decide
from tests.moderation.test_flags import main

NAME, MAIL, LOGIN = "Xanthippe Quill", "xq@quill.example", "xanthippe77"
ERASURE = reverse("ask_for_erasure")


def ask(client, **sent):
    return client.post(ERASURE, sent)


def test_asked_for_told_and_taken_back(as_ana, ana):
    assert "Ask to erase my account" in main(as_ana.get("/accounts/settings/"))
    done = ask(as_ana, text="I have left.")
    assert (done.status_code, done["Location"]) == (303, "/accounts/settings/#erasure")
    page = main(as_ana.get("/accounts/settings/"))
    assert "You have asked that your account be erased. An admin decides." in page
    assert "that your account be erased. An admin decides. I have left." in page
    assert Case.objects.open().get().kind == "erasure"
    back = as_ana.post(reverse("withdraw_erasure"))
    assert (back.status_code, back["Location"]) == (303, "/accounts/settings/#erasure")
    page = main(as_ana.get("/accounts/settings/"))
    assert "Your request is taken back: your account stays." in page
    assert "Ask to erase my account" in page
    case = Case.objects.get()
    assert (case.state, case.appeal) == ("gone", "")
    lines = AuditEntry.objects.filter(kind="erasure", person=ana).order_by("pk")
    assert [line.after for line in lines] == [{"asked": True}, {"asked": False}]


def test_taken_back_twice_changes_nothing(as_ana):
    for _ in range(2):
        assert as_ana.post(reverse("withdraw_erasure")).status_code == 303
    assert not AuditEntry.objects.filter(kind="erasure").exists()


def test_a_sentence_that_is_too_long_is_kept(as_ana):
    answer = ask(as_ana, text="y" * 1_001)
    assert answer.status_code == 422
    assert "Say it in at most 1,000 characters." in main(answer)
    assert "y" * 1_001 in answer.text
    assert not Case.objects.exists()


def test_who_may_not_be_erased_is_told_why(as_ana, ana, ada):
    ask(as_ana)
    kept = decide(Case.objects.get(), ada, Kind.KEEP, note="A round of yours is under way.")
    said = main(as_ana.get(kept.get_absolute_url()))
    assert "A decision about your request to erase your account" in said
    assert "A round of yours is under way." in said
    assert "Ask to erase my account" in main(as_ana.get("/accounts/settings/"))


@pytest.fixture
def quill(db):
    person = make_user(LOGIN, public_name=NAME)
    person.first_name, person.last_name, person.email = "Xanthippe", "Quill", MAIL
    person.preferences = {"theme": "dark"}
    person.save()
    return person


def do_everything(quill, ben, mo, ada, labels) -> None:
    """Let a person do, and others do to them, all that leaves a trace."""
    article = make_article(
        "A story", "It has one sentence. It has another.", submitted_by=quill
    )
    browser, admin = Client(), Client()
    admin.force_login(ada)
    browser.post(reverse("sign_in"), {"username": LOGIN, "password": "wrong"})
    browser.post(reverse("sign_in"), {"username": LOGIN, "password": PASSWORD})
    browser.post("/accounts/password/reset/", {"email": MAIL})
    admin.post(
        f"/admin/accounts/user/{quill.pk}/change/",
        {
            "username": LOGIN,
            "public_name": NAME,
            "email": MAIL,
            "role": "reviewer",
            "is_active": "on",
        },
    )
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    first = rounds.open_round(
        article, by=mo, mode="open", due=yesterday, reviewers=[quill], pseudonyms=False
    )
    tag = tagging.annotate(
        article=article, reviewer=quill, label=labels["claim"], start=0, end=5, note="Mine"
    ).annotation
    tagging.set_reading(article.sentences.get(position=2), by=quill)
    thread = discussing.begin_thread(
        article, by=ben, start=0, end=5, text=f"What says @{NAME}? And @{NAME.upper()}?"
    )
    comment = thread.comments.get()
    discussing.edit_comment(comment, by=ben, text="Never mind.")
    discussing.comment(thread, by=mo, text=f"@{NAME}, see #1.")
    discussing.comment(thread, by=quill, text="I see.")
    case = cases.flag(tag, by=ben, reason=Reason.SPAM).case
    hidden = decide(case, mo, Kind.HIDE)
    cases.appeal(hidden, by=quill, text="It is none.")
    decide(case, ada, Kind.RESTORE)
    decisions.decide_about(quill, Verdict(Kind.WARN), by=mo)
    other = make_article("Another story", "It has one sentence.")
    late = rounds.open_round(other, by=mo, due=yesterday, reviewers=[mo])
    rounds.hand_on(late.assignments.get(), quill, by=mo)
    rounds.hand_on(first.assignments.get(reviewer=quill), mo, by=mo)
    browser.post(ERASURE, {"text": f"Forget {NAME}, please. Write to {MAIL}."})


TEXTS = """
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = 'public'
       AND (data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'tsvector',
                          'inet') OR udt_name = 'bytea')
"""


def found(*words: str) -> set[str]:
    """Return the columns of the database that hold any of these words."""
    where = set()
    with connection.cursor() as cursor:
        cursor.execute(TEXTS)
        for table, column in cursor.fetchall():
            for word in words:
                cursor.execute(
                    f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE %s LIMIT 1',
                    [f"%{word}%"],
                )
                if cursor.fetchone():
                    where.add(f"{table}.{column}")
    return where | {
        "django_session"
        for session in Session.objects.all()
        if any(word.lower() in json.dumps(session.get_decoded()).lower() for word in words)
    }


def test_nothing_in_the_database_names_an_erased_person(quill, ben, mo, ada, labels):
    do_everything(quill, ben, mo, ada, labels)
    names = NAME, MAIL, LOGIN, "Xanthippe"
    before = found(*names)
    assert before >= {
        *("accounts_user.username", "accounts_user.public_name", "accounts_user.email"),
        *("discussion_comment.text", "discussion_step.before", "moderation_case.appeal"),
        *("django_admin_log.object_repr",),
    }
    erasure = Case.objects.get(kind="erasure")
    decide(erasure, ada, Kind.ERASE)
    assert found(*names) == set()
    assert found("Former reviewer") >= {"accounts_user.public_name", "discussion_comment.text"}


def test_an_erased_person_is_a_pseudonym_in_pages_and_exports(quill, ben, mo, ada, labels):
    do_everything(quill, ben, mo, ada, labels)
    browser = Client()
    browser.force_login(quill)
    decide(Case.objects.get(kind="erasure"), ada, Kind.ERASE)
    assert browser.get("/").status_code == 302  # to the sign-in
    article = quill.articles.get()
    client = Client()
    client.force_login(mo)
    export = b"".join(client.get(reverse("export", args=[article.pk, "jsonl"]))).decode()
    assert f'"reviewer": "Former reviewer {quill.pk}"' in export
    for page in (export, client.get(article.get_absolute_url()).text):
        assert "Quill" not in page
    thread = article.threads.get()
    said = client.get(thread.get_absolute_url()).text
    assert f'<b class="mention">@Former reviewer {quill.pk}</b>, see' in said


def test_another_persons_longer_name_is_left(ana, ben, ada, article):
    anabel = make_user("anabel", public_name="ana b")
    upper = make_user("other", public_name="ANA")
    thread = discussing.begin_thread(
        article, by=ben, start=0, end=5, text="@ana, @ana b, @ANA and @anabel; mail x@ana.org"
    )
    decisions.decide_about(ana, Verdict(Kind.ERASE), by=ada)
    gone = f"@Former reviewer {ana.pk}"
    text = thread.comments.get().text
    assert text.startswith(f"{gone}, @{anabel}, @{upper} and @anabel; ")


def test_somebody_else_who_took_the_pseudonym_does_not_hinder_it(ana, ben, ada):
    ben.public_name = f"Former reviewer {ana.pk}"
    ben.save()
    decisions.decide_about(ana, Verdict(Kind.ERASE), by=ada)
    ana.refresh_from_db()
    assert ana.public_name.startswith(f"Former reviewer {ana.pk} ")


def test_texts_without_the_name_stay_as_they_are(ana, ben, ada, article):
    discussing.begin_thread(article, by=ben, start=0, end=5, text="Nobody is named.")
    decisions.decide_about(ana, Verdict(Kind.ERASE), by=ada)
    assert Comment.objects.get().text == "Nobody is named."
    assert not Step.objects.exclude(before="").exists()
