"""People are told what was decided about their work, why and in which role; never by whom."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.discussion import actions as discussing
from annotate.live.models import Event
from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Case, Decision, Reason
from annotate.notices.models import Notice
from annotate.reviews import actions as rounds
from tests.factories import make_user
from tests.moderation.test_decisions import Kind, decide
from tests.moderation.test_flags import HTMX, main
from tests.notices.test_mail import work

WORDS = "It does follow the guideline."


@pytest.fixture
def molly(db):
    """A moderator with a name that no page has by chance."""
    return make_user("molly-the-moderator", "moderator")


@pytest.fixture
def round(article, ana, ben):
    return rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben])


@pytest.fixture
def tag(article, round, ana, claim):
    made = tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    return made.annotation


@pytest.fixture
def case(tag, ben):
    return cases.flag(tag, by=ben, reason=Reason.OFF_GUIDELINE).case


@pytest.fixture
def hidden(case, molly):
    return decide(case, molly, Kind.HIDE, note="See the second example.")


def test_a_decision_says_what_why_in_which_role_and_what_it_means(as_ana, hidden):
    said = main(as_ana.get(hidden.get_absolute_url()))
    assert "A decision about your tag Claim on the headline" in said
    assert "Why Off guideline: See the second example." in said
    assert "Only you and moderators see it, and it counts nowhere." in said
    assert ", by a moderator" in said
    hidden.refresh_from_db()
    assert hidden.seen_at is not None


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        (
            Kind.TRIM,
            {"start": 0, "end": 3},
            "Before Mayor What it means Others see it as corrected.",
        ),
        (Kind.WARN, {}, "It counts if something like it happens again."),
        (Kind.BAN, {}, "and do nothing else."),
    ],
)
def test_each_kind_is_told_in_words(as_ana, case, ada, kind, more, said):
    decision = decide(case, ada, kind, **more)
    page = main(as_ana.get(decision.get_absolute_url()))
    assert said in page
    assert "by an admin" in page


def test_a_new_label_is_told(as_ana, case, mo, evidence):
    decision = decide(case, mo, Kind.RELABEL, label=evidence)
    page = main(as_ana.get(decision.get_absolute_url()))
    assert "Before Claim What it means" in page
    assert "Your original is kept in the history." in page


def test_decisions_are_listed_and_the_new_ones_marked(as_ana, case, hidden, molly):
    restored = decide(case, molly, Kind.RESTORE)
    as_ana.get(hidden.get_absolute_url())
    said = main(as_ana.get("/decisions/"))
    assert "Put back as it was: your tag Claim on the headline new" in said
    assert "Hidden: your tag Claim on the headline new" not in said
    assert said.index("Put back") < said.index("Hidden:")
    decisions.take_back(by=molly)
    restored.refresh_from_db()
    assert "Put back as it was: your tag Claim on the headline taken back" in main(
        as_ana.get("/decisions/")
    )
    page = main(as_ana.get(restored.get_absolute_url()))
    assert "This decision was taken back: it holds no longer." in page
    assert "Send my answer" not in page


def test_what_was_kept_is_no_news(as_ana, case, mo):
    kept = decide(case, mo, Kind.KEEP)
    assert "Nothing was decided about your work." in main(as_ana.get("/decisions/"))
    assert as_ana.get(kept.get_absolute_url()).status_code == 404
    assert not kept.is_told


def test_all_kinds_are_told_by_python_as_by_the_database(case, ana, mo):
    for kind in Kind:
        for on_appeal in (True, False):
            decision = Decision(
                case=case, person=ana, kind=kind, on_appeal=on_appeal, by=mo, reason="spam"
            )
            decision.waited, decision.batch = datetime.timedelta(0), "0" * 32
            decision.save()
            told = Decision.objects.told_to(ana).filter(pk=decision.pk).exists()
            assert told == decision.is_told, (kind, on_appeal)


def test_answer_once_and_hear_of_the_outcome(as_ana, case, hidden, molly, mo, client):
    appeal = reverse("appeal", args=[hidden.number])
    page = hidden.get_absolute_url()
    empty = as_ana.post(appeal, {"text": " "})
    assert (empty.status_code, "Write your answer first." in main(empty)) == (422, True)
    long = as_ana.post(appeal, {"text": "x" * 1_001})
    assert (long.status_code, "x" * 1_001 in long.text) == (422, True)
    done = as_ana.post(appeal, {"text": WORDS})
    assert (done.status_code, done["Location"]) == (303, page)
    said = main(as_ana.get(page))
    assert "Your answer went to another moderator." in said
    assert f"Your answer {WORDS} It went to another moderator, and waits." in said
    again = as_ana.post(appeal, {"text": "And then"})
    assert again.status_code == 409
    assert "You have answered in this case already: once is the most." in main(again)
    assert "And then" in again.text

    outcome = decide(case, mo, Kind.KEEP, note="The first moderator was right.")
    assert outcome.on_appeal
    listed = main(as_ana.get("/decisions/"))
    assert "It stays as it was: your tag Claim on the headline new on your answer" in listed
    last = main(as_ana.get(outcome.get_absolute_url()))
    assert "Why" in last
    assert "The first moderator was right." in last
    assert "Send my answer" not in last
    assert (
        as_ana.post(reverse("appeal", args=[outcome.number]), {"text": "x"}).status_code == 409
    )


def test_what_concerns_a_person_is_answered_once_per_matter(as_ana, ana, mo, molly):
    def warn(by):
        return decisions.decide_about(ana, Verdict(Kind.WARN, Reason.SPAM), by=by)

    first = warn(mo)
    cases.appeal(first, by=ana, text=WORDS)
    outcome = decide(first.case, molly, Kind.KEEP)
    for one in (first, outcome):
        assert "Send my answer" not in main(as_ana.get(one.get_absolute_url()))
    second = warn(mo)
    assert "Send my answer" in main(as_ana.get(second.get_absolute_url()))
    cases.appeal(second, by=ana, text=WORDS)
    assert Case.objects.get(pk=second.case_id).is_appealed


def test_somebody_elses_decision_is_not_there(client, hidden, ben, molly):
    for person in (ben, molly):
        client.force_login(person)
        assert client.get(hidden.get_absolute_url()).status_code == 404
        appeal = reverse("appeal", args=[hidden.number])
        assert client.post(appeal, {"text": WORDS}).status_code == 404


def test_no_page_nor_export_tells_who_decided(
    as_ana, article, tag, case, hidden, molly, ana, evidence, mailoutbox
):
    """All that a reviewer can open, after everything that a moderator can do to their work."""
    decide(case, molly, Kind.RESTORE)
    decide(case, molly, Kind.RELABEL, label=evidence)
    thread = discussing.begin_thread(article, by=ana, start=0, end=5, text="An insult")
    about = cases.flag(thread.comments.get(), by=molly, reason="abusive").case
    decide(about, molly, Kind.HIDE)
    Decision.objects.filter(kind=Kind.RELABEL).update(seen_at=timezone.now())
    told = Decision.objects.told_to(ana)
    pages = [
        *("/", "/work/", "/decisions/", "/flags/", "/accounts/settings/"),
        *(one.get_absolute_url() for one in told),
        *(article.get_absolute_url(), tag.get_absolute_url(), thread.get_absolute_url()),
        reverse("history", args=[article.pk]),
        reverse("review", args=[article.pk]),
        reverse("threads", args=[article.pk]),
        *(reverse("export", args=[article.pk, name]) for name in ("jsonl", "csv")),
        reverse("changes", args=[article.pk]) + "?since=0",
    ]
    assert len(pages) > 15
    for page in pages:
        for headers in ({}, HTMX):
            answer = as_ana.get(page, headers=headers)
            assert b"molly" not in b"".join(answer), page
    assert not Event.objects.filter(by=molly.pk).exists()
    history = main(as_ana.get(reverse("history", args=[article.pk])))
    assert "A moderator: Hid Claim on the headline" in history
    assert "A moderator: Corrected the label (was Claim) of Evidence on the headline" in history


def test_the_history_of_others_stays_theirs(client, article, case, hidden, ben, molly):
    client.force_login(ben)
    assert "Hid Claim" not in client.get(reverse("history", args=[article.pk])).text
    client.force_login(molly)
    history = main(client.get(reverse("history", args=[article.pk])))
    assert f"{molly} Hid Claim on the headline" in history


def test_the_panel_of_a_tag_says_how_it_stands(as_ana, client, tag, case, hidden, mo, evidence):
    def panel() -> str:
        return as_ana.get(tag.get_absolute_url()).text

    assert "A moderator has hidden this tag. You and moderators can still see it." in panel()
    assert hidden.get_absolute_url() in panel()
    decide(case, mo, Kind.RESTORE)
    assert "moderator" not in main(as_ana.get(tag.get_absolute_url(), headers=HTMX))
    corrected = decide(case, mo, Kind.RELABEL, label=evidence)
    assert "A moderator corrected this tag; what it was is in the history." in panel()
    assert corrected.get_absolute_url() in panel()


def test_new_decisions_are_told_on_the_list_and_in_my_work(
    as_ana, hidden, django_assert_num_queries
):
    for page in ("/", "/work/"):
        assert "A decision about your work is new." in main(as_ana.get(page))
    as_ana.get(hidden.get_absolute_url())
    for page in ("/", "/work/"):
        assert "is new." not in main(as_ana.get(page))


def test_the_list_costs_the_same_for_any_number(
    as_ana, article, round, ana, ben, mo, labels, django_assert_num_queries
):
    def decide_all(start: int) -> None:
        for label in labels.values():
            made = tagging.annotate(
                article=article, reviewer=ana, label=label, start=start, end=20
            )
            decide(cases.flag(made.annotation, by=ben, reason="spam").case, mo, Kind.HIDE)

    decide_all(0)
    with django_assert_num_queries(4):
        as_ana.get("/decisions/")
    decide_all(1)
    with django_assert_num_queries(4):
        as_ana.get("/decisions/")


# --- Mail ----------------------------------------------------------------------------------


@pytest.fixture
def address(ana):
    ana.email = "ana@example.org"
    ana.save()


def test_the_author_is_mailed_at_once_without_a_name(address, hidden, mailoutbox, ben):
    work()
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (
        ["ana@example.org"],
        "Annotate: A decision about your work",
    )
    assert (
        "A moderator decided about a tag of yours in “Mayor says taxes may fall”." in mail.body
    )
    assert hidden.get_absolute_url() in mail.body
    assert "molly" not in mail.body
    assert str(ben) not in mail.body


def test_what_is_no_news_is_not_mailed(address, case, mo, mailoutbox):
    decide(case, mo, Kind.KEEP)
    work()
    assert mailoutbox == []
    assert not Notice.objects.filter(kind="decision").exists()


def test_a_decision_taken_back_or_read_before_the_mail_went_is_not_mailed(
    address, hidden, molly, as_ana, mailoutbox
):
    decisions.take_back(by=molly)
    work()
    warned = decisions.decide_about(hidden.person, Verdict(Kind.WARN), by=molly)
    as_ana.get(warned.get_absolute_url())
    work()
    assert mailoutbox == []


def test_a_decision_about_a_person_needs_no_story(address, ana, ada, mailoutbox):
    decisions.decide_about(ana, Verdict(Kind.WARN), by=ada)
    assert Notice.objects.get().article is None
    work()
    assert "An admin decided about your account." in mailoutbox[0].body


def test_who_chose_so_is_not_mailed(address, ana, case, mo, mailoutbox):
    ana.preferences = {"mail": {"decision": "never"}}
    ana.save()
    decide(case, mo, Kind.HIDE)
    work()
    assert mailoutbox == []


def test_the_settings_offer_it(as_ana):
    page = as_ana.get("/accounts/settings/").text
    assert "A moderator decided about my work" in page


def test_a_moderator_sees_notices_without_a_story(ana, ada, client):
    decisions.decide_about(ana, Verdict(Kind.WARN), by=make_user("mia", "moderator"))
    client = Client()
    client.force_login(ada)
    listed = client.get("/admin/notices/notice/")
    assert listed.status_code == 200
    notice = Notice.objects.get()
    assert client.get(f"/admin/notices/notice/{notice.pk}/change/").status_code == 200
