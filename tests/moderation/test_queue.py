"""The queue and a case, as moderators see them and decide in them."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.discussion import actions as discussing
from annotate.moderation import cases, decisions, people
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Case, Decision
from annotate.reviews import actions as rounds
from tests.factories import make_article, make_user, set_hidden

HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def key(case: Case) -> str:
    return f"{case.pk}:{Case.objects.get(pk=case.pk).version}"


def post(client, *those: Case, htmx: bool = False, **fields):
    fields = {"case": [key(one) for one in those], **fields}
    return client.post(reverse("decide"), fields, headers=HTMX if htmx else {})


def listed(client, **asked) -> list[int]:
    response = client.get(reverse("queue"), asked)
    assert response.status_code == 200
    return [row.case.pk for row in response.context["shown"].rows]


# --- The list --------------------------------------------------------------------------------


def test_a_row_says_what_it_is_about_and_why_it_stands_there(as_mo, flagged):
    page = as_mo.get("/admin/queue/").text
    row = page[page.index('<ol id="rows"') :]
    for words in (
        '<bdi class="label-name">Claim by ana</bdi>',
        '<p class="beginning" dir="auto">Mayor</p>',
        "Mayor says taxes may fall",
        "Abusive (1 flag) · for 0\N{NO-BREAK SPACE}minutes",
        'Score <b class="numbers">6</b>: Abusive 6',
    ):
        assert words in row
    assert "1 open case<" in page


def test_the_riskiest_comes_first_then_the_oldest(as_mo, article, ana, ben, flagged, claim):
    others = [
        tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=end)
        for end in (6, 7)
    ]
    spam, second = [cases.flag(one.annotation, by=ben, reason="spam").case for one in others]
    Case.objects.filter(pk=second.pk).update(
        opened_at=timezone.now() - datetime.timedelta(days=2)
    )
    assert listed(as_mo) == [flagged.pk, second.pk, spam.pk]
    assert listed(as_mo, age="1d") == [second.pk]
    assert listed(as_mo, reason="spam") == [second.pk, spam.pk]


@pytest.fixture
def mixed(article, tag, flagged, ana, ben, mo, claim):
    """A flagged tag of ana, ben's comment and ben himself flagged, a tag of ana that waits."""
    thread = discussing.begin_thread(article, by=ben, start=0, end=5, text="Nonsense!")
    other = make_article("Another story", "It has one sentence.")
    people.premoderate_article(other, True, by=mo)
    waiting = tagging.annotate(article=other, reviewer=ana, label=claim, start=0, end=7)
    return {
        "tag": flagged,
        "comment": cases.flag(thread.comments.get(), by=ana, reason="abusive").case,
        "person": cases.flag(ben, by=ana, reason="bad_faith").case,
        "waiting": Case.objects.get(annotation=waiting.annotation),
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["tag", "comment", "person", "waiting"]),
        ({"kind": "tag"}, ["tag", "waiting"]),
        ({"kind": "comment"}, ["comment"]),
        ({"kind": "person"}, ["person"]),
        ({"kind": "waiting"}, ["waiting"]),
        ({"kind": "answered"}, []),
        ({"reason": "abusive"}, ["tag", "comment"]),
        ({"person": "BEN"}, ["comment", "person"]),
        ({"article": "another"}, ["waiting"]),
        ({"article": "nowhere"}, []),
        ({"person": "ana", "kind": "tag", "reason": "abusive"}, ["tag"]),
        ({"state": "decided"}, []),
        ({"mine": "on"}, []),
        ({"kind": "no such kind", "page": "x"}, ["tag", "comment", "person", "waiting"]),
    ],
    ids=str,
)
def test_filtered(as_mo, mixed, asked, found):
    assert set(listed(as_mo, **asked)) == {mixed[one].pk for one in found}


def test_what_one_has_claimed_and_what_was_decided_can_be_looked_up(as_mo, mo, mixed):
    cases.claim(mixed["person"], by=mo)
    assert listed(as_mo, mine="on") == [mixed["person"].pk]
    post(as_mo, mixed["tag"], decision="hide")
    assert mixed["tag"].pk not in listed(as_mo)
    assert listed(as_mo, state="decided") == [mixed["tag"].pk]
    assert "Hide, by mo, " in as_mo.get("/admin/queue/?state=decided").text
    assert post(as_mo, mixed["tag"], decision="restore").status_code == 303
    assert [one.kind for one in Decision.objects.all()] == ["hide", "restore"]


def test_an_answered_case_is_marked(as_mo, mia, ana, flagged):
    decisions.decide({flagged.pk: 1 + 1}, Verdict(Decision.Kind.HIDE), by=mia)
    cases.appeal(Decision.objects.get(), by=ana, text="It is no insult.")
    assert listed(as_mo, kind="answered") == [flagged.pk]
    assert ">Answered</span>" in as_mo.get("/admin/queue/").text
    assert "It is no insult." in as_mo.get(flagged.get_absolute_url()).text


def test_what_a_moderator_may_not_decide_says_why(client, mo, mia, ada, ana, flagged):
    about_admin = cases.flag(ada, by=ana, reason="bad_faith").case
    about_mo = cases.flag(mo, by=ana, reason="bad_faith").case
    decisions.decide({flagged.pk: 1 + 1}, Verdict(Decision.Kind.HIDE), by=mo)
    cases.appeal(Decision.objects.get(), by=ana, text="It is no insult.")
    client.force_login(mo)
    page = client.get("/admin/queue/").text
    assert "This case is about an admin: only admins decide it." in page
    assert "You decided this case before: another moderator looks at the answer." in page
    assert f'value="{about_admin.pk}:' not in page
    assert f"/admin/queue/{about_mo.pk}/" not in page
    assert client.get(f"/admin/queue/{about_mo.pk}/").status_code == 404
    assert post(client, about_mo, decision="warn").status_code == 404
    assert post(client, about_admin, decision="warn").status_code == 403
    refused = post(client, about_admin, decision="warn", htmx=True)
    assert refused.status_code == 403
    assert "This case is about an admin" in refused.text
    assert 'id="decide"' not in client.get(f"/admin/queue/{about_admin.pk}/").text
    assert client.post(f"/admin/queue/{about_admin.pk}/claim/").status_code == 403
    client.force_login(ada)
    assert f'value="{about_mo.pk}:' in client.get("/admin/queue/").text


@pytest.mark.parametrize("asked", ["", "?kind=waiting", "?person=ana", "?state=decided"])
def test_a_list_costs_the_same_for_any_number(
    as_mo, mo, article, ana, ben, ada, claim, flagged, asked
):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_mo.get(f"/admin/queue/{asked}", headers=HTMX)
        return len(queries)

    people.premoderate_article(article, True, by=mo)
    cases.flag(ada, by=ana, reason="spam")
    waiting = tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=6)
    other = tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=7)
    if asked == "?state=decided":
        decisions.decide(
            dict(Case.objects.visible_to(mo).values_list("pk", "version")[:2]),
            Verdict(Decision.Kind.KEEP),
            by=mo,
        )
    few = cost()
    for number in range(8):
        person = make_user(f"person-{number}")
        case = cases.flag(person, by=ana, reason="spam").case
        made = tagging.annotate(
            article=article, reviewer=person, label=claim, start=0, end=8 + number
        )
        if asked == "?state=decided":
            one = Case.objects.get(annotation=made.annotation)
            seen = {case.pk: 2, one.pk: one.version}
            decisions.decide(seen, Verdict(Decision.Kind.KEEP), by=mo)
    assert waiting.annotation.pending
    assert other.annotation.pending
    assert cost() == few <= 12


def test_pages_follow_each_other(as_mo, ana, ben):
    for number in range(27):
        cases.flag(make_user(f"person-{number}"), by=ana, reason="spam")
    first, second = listed(as_mo), listed(as_mo, page=2)
    assert (len(first), len(second)) == (25, 2)
    assert not set(first) & set(second)
    page = as_mo.get("/admin/queue/?kind=person").text
    assert '<a class="button" rel="next" href="?kind=person&amp;page=2">Next</a>' in page


# --- A case ----------------------------------------------------------------------------------


def test_a_case_shows_flags_story_record_and_history(as_mo, mo, mia, ana, ben, tag, flagged):
    flag = cases.flag(tag, by=mia, reason="spam", text="Not about it.")
    cases.withdraw_flag(flag, by=mia)
    page = as_mo.get(flagged.get_absolute_url()).text
    assert "<b>Abusive</b> by <bdi>ben</bdi>" in page
    assert "An insult." in page
    assert "<s><b>Spam</b> by <bdi>mia</bdi>" in page
    assert f'data-annotations="{tag.pk}"' in page
    first = tag.article.sentences.get(position=0)
    assert f'href="{tag.article.get_absolute_url()}#sentence-{first.pk}"' in page
    assert "<bdi>ana</bdi>: Claim on the headline" in page
    assert "1 tag, 1 of them shown, 0 hidden by moderators." in page
    assert "There is no revealed sentence that somebody else worked on, too." in page


def test_a_case_is_a_page_and_a_partial(as_mo, flagged):
    response = as_mo.get(flagged.get_absolute_url(), headers=HTMX)
    assert response.text.strip().startswith('<article id="case"')
    assert "HX-Request" in response["Vary"]
    assert "<title>" in as_mo.get(flagged.get_absolute_url()).text


def test_a_comment_stands_among_those_beside_it(as_mo, article, tag, ana, ben):
    thread = discussing.begin_thread(article, by=ana, start=0, end=5, text="Comment 0")
    said = [thread.comments.get()]
    said += [discussing.comment(thread, by=ben, text=f"Comment {n}") for n in range(1, 7)]
    comment = thread.comments.get(text="Comment 3")
    case = cases.flag(comment, by=ana, reason="spam").case
    page = as_mo.get(case.get_absolute_url()).text
    shown = [number for number in range(7) if f"Comment {number}</p>" in page]
    assert shown == [1, 2, 3, 4, 5]
    assert "<bdi>ben</bdi>: Commented" in page


def test_a_person_is_shown_with_what_they_made(as_mo, tag, ana, ben, mixed):
    page = as_mo.get(mixed["person"].get_absolute_url()).text
    assert "How somebody behaves" in page
    assert "Nonsense!" in page


def test_earlier_decisions_on_like_cases(as_mo, mo, ana, ben, article, flagged, claim):
    made = tagging.annotate(article=article, reviewer=ben, label=claim, start=0, end=9)
    like = cases.flag(made.annotation, by=ana, reason="abusive").case
    post(as_mo, like, decision="hide", note="Nobody is to be called so.")
    page = as_mo.get(flagged.get_absolute_url()).text
    assert "Like cases" in page
    assert f'href="{like.get_absolute_url()}"' in page
    assert "Nobody is to be called so." in page
    assert "Decided before" in as_mo.get(like.get_absolute_url()).text


def test_agreement_counts_pairs_of_the_same_labels(as_mo, article, ana, ben, mo, labels):
    round = rounds.open_round(article, by=mo, reviewers=[ana, ben])
    first, second, third = article.sentences.filter(position__in=[1, 2, 3])
    for sentence, of_ana, of_ben in (
        (first, ["claim"], ["claim"]),
        (second, ["claim", "evidence"], ["claim"]),
        (third, [], []),
    ):
        for person, slugs in ((ana, of_ana), (ben, of_ben)):
            for slug in slugs:
                tagging.annotate(
                    article=article,
                    reviewer=person,
                    label=labels[slug],
                    start=sentence.start,
                    end=sentence.end,
                )
            if not slugs:
                tagging.set_reading(sentence, by=person)
    case = cases.flag(ana, by=ben, reason="bad_faith").case
    assert "Said the same" not in as_mo.get(case.get_absolute_url()).text
    rounds.reveal(round, by=mo)
    page = as_mo.get(case.get_absolute_url()).text
    assert "Said the same as another reviewer in 2 of 3 comparisons, 67 %" in page


def test_a_case_costs_the_same_whatever_it_holds(as_mo, ana, ben, mo, tag, flagged):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_mo.get(flagged.get_absolute_url(), headers=HTMX)
        return len(queries)

    few = cost()
    for number in range(5):
        cases.flag(tag, by=make_user(f"flagger-{number}", "moderator"), reason="spam")
        tagging.edit(tag, by=ana, note=f"Note {number}")
    assert cost() <= few <= 24


# --- Deciding --------------------------------------------------------------------------------


def test_decided_with_a_plain_form(as_mo, tag, flagged):
    response = post(as_mo, flagged, decision="hide", back="kind=tag&page=3", reason="", note="")
    assert (response.status_code, response["Location"]) == (303, "/admin/queue/?kind=tag")
    page = as_mo.get(response["Location"]).text
    assert "Hidden: Claim by ana. z takes it back." in page
    decision = Decision.objects.get()
    assert (decision.reason, decision.note) == ("abusive", "It attacks or insults somebody.")
    tag.refresh_from_db()
    assert tag.hidden_at


def test_decided_with_htmx_the_row_goes_and_a_message_comes(as_mo, flagged):
    answer = post(as_mo, flagged, decision="warn", htmx=True)
    assert answer.status_code == 200
    assert f'<li id="row-{flagged.pk}" hx-swap-oob="delete"></li>' in answer.text
    assert "Warned: Claim by ana. z takes it back.</p>" in answer.text


def test_several_at_once_and_what_does_not_fit_is_said_of_each(as_mo, mixed):
    answer = post(as_mo, mixed["tag"], mixed["person"], decision="hide", htmx=True)
    assert answer.status_code == 200
    assert "Hidden: Claim by ana. z takes it back." in answer.text
    assert "Not done: ben. “Hide” does not fit: the case is about a person." in answer.text
    row = answer.text[answer.text.index(f'id="row-{mixed["person"].pk}"') :]
    assert "“Hide” does not fit: the case is about a person.</p>" in row
    assert Case.objects.get(pk=mixed["person"].pk).is_open


def test_a_label_alone_relabels(as_mo, tag, flagged, evidence):
    assert post(as_mo, flagged, label="evidence").status_code == 303
    tag.refresh_from_db()
    assert tag.label == evidence


def test_trimmed(as_mo, tag, flagged):
    assert post(as_mo, flagged, decision="trim", start=0, end=3).status_code == 303
    tag.refresh_from_db()
    assert tag.exact == "May"


def test_suspended_for_days_or_until_a_time(as_mo, ana, flagged):
    assert post(as_mo, flagged, decision="suspend", days=3).status_code == 303
    ana.refresh_from_db()
    left = ana.suspended_until - timezone.now()
    assert datetime.timedelta(days=2, hours=23) < left < datetime.timedelta(days=3)
    until = "2099-01-01T00:00:00+00:00"
    assert post(as_mo, flagged, decision="suspend", until=until).status_code == 303
    ana.refresh_from_db()
    assert ana.suspended_until.year == 2099


def test_waiting_tags_are_approved_or_not(as_mo, mixed):
    answer = post(as_mo, mixed["waiting"], decision="keep", htmx=True)
    assert "Approved: Claim by ana. z takes it back." in answer.text
    assert not Case.objects.get(pk=mixed["waiting"].pk).annotation.pending
    as_mo.post("/admin/queue/take-back/")
    answer = post(as_mo, mixed["waiting"], decision="hide", htmx=True)
    assert "Not shown: Claim by ana. z takes it back." in answer.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose what to decide."),
        ({"decision": "praise"}, "There is no decision “praise”."),
        ({"decision": "relabel"}, "Choose a label."),
        ({"label": "praise"}, "There is no label “praise”."),
        ({"decision": "suspend"}, "Say for how many days."),
        ({"decision": "suspend", "days": "0"}, "greater than or equal to 1"),
        ({"decision": "suspend", "until": "2001-01-01"}, "This time is over."),
        ({"decision": "hide", "note": "x" * 1_001}, "at most 1000 characters"),
        ({"decision": "hide", "case": "7"}, "Choose the cases again"),
        ({"decision": "hide", "case": []}, "Choose at least one case."),
        ({"decision": "trim"}, "Choose the first and the last word of the passage."),
        ({"decision": "trim", "start": 0, "end": 5}, "This is the tag’s passage already."),
        ({"label": "claim"}, "The tag is a Claim already."),
        ({"decision": "restore"}, "There is nothing to restore."),
    ],
    ids=str,
)
@pytest.mark.parametrize("htmx", [False, True])
def test_wrong_input_is_said_in_words_and_nothing_typed_is_lost(
    as_mo, flagged, fields, words, htmx
):
    response = post(as_mo, flagged, htmx=htmx, **{"note": "A note & more.", **fields})
    assert response.status_code == 422
    assert words in response.text
    if not htmx:
        kept = fields.get("note", "A note &amp; more.")
        assert f">\n{kept}</textarea>" in response.text
        assert response.text.count("<h1") == 1
    assert Case.objects.get().is_open
    assert not Decision.objects.exists()


def test_what_was_decided_meanwhile_is_answered_409_with_a_fresh_row(as_mo, mia, flagged):
    stale = key(flagged)
    decisions.decide({flagged.pk: 2}, Verdict(Decision.Kind.KEEP), by=mia)
    words = "Another moderator has decided this case meanwhile."
    for headers in ({}, HTMX):
        fields = {"case": stale, "decision": "hide", "note": "A note."}
        response = as_mo.post("/admin/queue/decide/", fields, headers=headers)
        assert response.status_code == 409
        assert words in response.text
    assert f'id="row-{flagged.pk}"' in response.text
    assert Decision.objects.count() == 1


def test_what_another_works_on_is_answered_409(as_mo, mia, flagged):
    cases.claim(flagged, by=mia)
    response = post(as_mo, flagged, decision="hide", htmx=True)
    assert response.status_code == 409
    assert "mia works on this case, for 15 more min." in response.text
    assert as_mo.post(f"/admin/queue/{flagged.pk}/claim/").status_code == 409
    as_mo.post(f"/admin/queue/{flagged.pk}/release/")
    assert Case.objects.get().claimed_by == mia


def test_claimed_and_released_by_hand(as_mo, mo, flagged):
    response = as_mo.post(f"/admin/queue/{flagged.pk}/claim/")
    assert (response.status_code, response["Location"]) == (303, flagged.get_absolute_url())
    assert Case.objects.get().claimed_by == mo
    assert "You work on it: mo, until" in as_mo.get("/admin/queue/").text
    answer = as_mo.post(f"/admin/queue/{flagged.pk}/release/", headers=HTMX)
    assert "Released: Claim by ana." in answer.text
    assert f'id="row-{flagged.pk}"' in answer.text
    assert Case.objects.get().claimed_by is None


def test_looking_does_not_claim_and_deciding_needs_no_claim(as_mo, flagged):
    as_mo.get(flagged.get_absolute_url(), headers=HTMX)
    assert Case.objects.get().claimed_by is None
    assert post(as_mo, flagged, decision="keep").status_code == 303


def test_the_last_decision_is_taken_back(as_mo, tag, flagged):
    post(as_mo, flagged, decision="hide")
    answer = as_mo.post("/admin/queue/take-back/", headers=HTMX)
    assert "Taken back: Hide, Claim by ana." in answer.text
    assert f'id="row-{flagged.pk}"' in answer.text
    tag.refresh_from_db()
    assert tag.hidden_at is None
    assert as_mo.post("/admin/queue/take-back/").status_code == 303
    assert "There is nothing to take back." in as_mo.get("/admin/queue/").text


def test_what_was_changed_since_is_not_taken_back(as_mo, mia, tag, flagged):
    post(as_mo, flagged, decision="hide")
    set_hidden(tag, by=mia, hidden=False)
    for headers in ({}, HTMX):
        response = as_mo.post("/admin/queue/take-back/", headers=headers)
        assert response.status_code == 409
        assert "The tag was changed since. Decide anew." in response.text


def test_only_admins_erase(client, mo, ada, ana):
    case = cases.ask_for_erasure(by=ana, text="I leave.")
    client.force_login(mo)
    page = client.get(case.get_absolute_url()).text
    assert "Only admins erase accounts." in page
    assert 'value="erase"' not in page
    assert post(client, case, decision="erase").status_code == 403
    client.force_login(ada)
    assert 'value="erase"' in client.get(case.get_absolute_url()).text
    assert post(client, case, decision="erase").status_code == 303
    ana.refresh_from_db()
    assert ana.public_name == f"Former reviewer {ana.pk}"
