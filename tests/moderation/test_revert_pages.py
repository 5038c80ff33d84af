"""The page on which moderators undo what somebody did."""

from __future__ import annotations

import re

import pytest

from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation
from annotate.discussion import actions as discussing
from annotate.moderation.models import Revert
from annotate.reviews import actions as rounds

ADDRESS = "/admin/revert/"


@pytest.fixture
def tags(article, ana, ben, claim, evidence):
    """Ana's work in a story that she reviews with ben: a tag that she changed, a comment."""
    rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben])
    tag = tagging.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    tagging.edit(tag, by=ana, label=evidence, start=0, end=9)
    tagging.set_reading(article.sentences.get(position=2), by=ana)
    discussing.begin_thread(article, by=ana, start=0, end=5, text="Whose taxes?")
    return tag


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def confirm(client, response, **data):
    """Send the form below a plan as it stands."""
    action = re.search(r'id="confirm" action="([^"]+)"', response.text)
    shown = re.search(r'name="shown" value="([^"]+)"', response.text)
    values = {"shown": shown[1], "why": "Spam.", **data}
    return client.post(action[1].replace("&amp;", "&"), values)


def test_what_would_change_is_shown_first_and_done_then(as_mo, tags, article):
    plan = as_mo.get(ADDRESS, {"person": "ana", "article": article.pk})
    said = text(plan)
    assert "This would change 1 tag, 1 reading and 1 comment" in said
    assert "Evidence on the headline “Mayor say” ana state: stands → taken back" in said
    assert "Reading of sentence 2 ana state: read → not read" in said
    assert "“Whose taxes?” ana shown to others: yes → no" in said
    assert Annotation.objects.live().exists()
    done = confirm(as_mo, plan)
    revert = Revert.objects.get()
    assert (done.status_code, done["Location"]) == (303, f"/admin/revert/{revert.pk}/")
    assert not Annotation.objects.live().exists()
    page = as_mo.get(done["Location"])
    said = text(page)
    assert "What it changed: 3" in said
    assert "state: stands → taken back" in said
    assert "shown to others: yes → no" in said
    assert page.text.count("<h3") == 1  # all of it below the one story


def test_a_revert_is_undone_from_its_page(as_mo, tags, article):
    confirm(as_mo, as_mo.get(ADDRESS, {"person": "ana"}))
    page = as_mo.get(f"/admin/revert/{Revert.objects.get().pk}/")
    link = re.search(r'href="([^"]+)">Undo this revert', page.text)
    plan = as_mo.get(link[1])
    assert "state: taken back → stands" in text(plan)
    confirm(as_mo, plan, why="It was not spam.")
    assert Annotation.objects.live().get() == tags
    assert "This was undone by revert" in text(as_mo.get(page.wsgi_request.path))
    assert text(as_mo.get(ADDRESS)).count("It was not spam.") == 1


def test_label_and_passage_are_told_in_words(as_mo, tags, article, ana):
    since = tags.changes.get(kind="edited").at.isoformat()
    said = text(as_mo.get(ADDRESS, {"person": "ana", "since": since}))
    assert "label: Evidence → Claim" in said
    assert "passage: “Mayor say” → “Mayor”" in said


def test_a_plan_that_changed_is_shown_anew_and_nothing_is_done(as_mo, tags, article, ana):
    until = "2100-01-01T00:00"
    plan = as_mo.get(ADDRESS, {"person": "ana", "until": until})
    tagging.edit(tags, by=ana, note="One more thing")
    answer = confirm(as_mo, plan)
    assert answer.status_code == 409
    assert "Something changed since this list was shown. Nothing was done" in text(answer)
    assert "Spam.</textarea>" in answer.text
    assert not Revert.objects.exists()
    assert confirm(as_mo, answer).status_code == 303


def test_without_a_reason_nothing_is_done(as_mo, tags):
    answer = confirm(as_mo, as_mo.get(ADDRESS, {"person": "ana"}), why="")
    assert (answer.status_code, Revert.objects.count()) == (422, 0)
    assert "Say why: it goes into the audit log." in text(answer)


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"person": "nobody"}, 422, "Nobody is called “nobody”."),
        ({"article": "Nothing"}, 422, "No story has the number or the title “Nothing”."),
        ({"since": "2026-01-01T00:00"}, 422, "Say whose work, or which story, or both."),
        (
            {"person": "ana", "since": "2026-01-02T00:00", "until": "2026-01-01T00:00"},
            422,
            "This is not after the time from which on.",
        ),
        ({"person": "ana", "since": "soon"}, 422, "Write a date and a time"),
        ({"of": "12345"}, 422, "There is no such revert."),
        ({"person": "mo"}, 403, "This is about you: somebody else decides it."),
        ({"person": "ada"}, 403, "This is about an admin: only admins decide it."),
        ({"person": "ben"}, 200, "There is nothing to undo"),
    ],
)
def test_what_cannot_be_undone_is_told(as_mo, tags, ada, asked, status, said):
    answer = as_mo.get(ADDRESS, asked)
    assert answer.status_code == status
    assert said in text(answer)


def test_a_story_by_its_title_and_a_person_by_number(as_mo, tags, article, ana):
    answer = as_mo.get(ADDRESS, {"person": str(ana.pk), "article": article.title.upper()})
    assert "This would change 1 tag" in text(answer)


def test_a_plan_costs_the_same_queries_for_more(
    as_mo, tags, article, ana, claim, django_assert_max_num_queries
):
    as_mo.get(ADDRESS, {"person": "ana"})
    for end in range(1, 12):
        tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=end)
    with django_assert_max_num_queries(22):
        as_mo.get(ADDRESS, {"person": "ana"})
