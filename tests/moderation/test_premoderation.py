"""A tag that waits for a moderator is its author's and moderators', and counts nowhere."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotate.annotations import actions as tagging
from annotate.annotations.models import Change
from annotate.annotations.queries import counts_by_article, legend
from annotate.moderation import people
from annotate.moderation.models import Case
from annotate.reviews import actions as rounds
from annotate.reviews import queries as reviews
from annotate.reviews.parts import part_of
from tests.factories import make_user
from tests.moderation.test_decisions import Kind, decide
from tests.moderation.test_flags import HTMX, main
from tests.reviews.test_differences import strips

WAITS = "Waits for a moderator: others do not see it yet."


@pytest.fixture
def cleo(db):
    return make_user("cleo")


@pytest.fixture
def round(article, ana, ben, cleo):
    return rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben, cleo])


@pytest.fixture
def sentence(article):
    return article.sentences.get(position=1)


def tag(article, person, label, sentence):
    made = tagging.annotate(
        article=article, reviewer=person, label=label, start=sentence.start, end=sentence.end
    )
    return made.annotation


@pytest.fixture
def waiting(article, round, sentence, ana, ben, mo, labels):
    """Ana's, beside ben's that was there before."""
    tag(article, ben, labels["claim"], sentence)
    people.premoderate_article(article, True, by=mo)
    return tag(article, ana, labels["evidence"], sentence)


def approve(waiting, mo) -> None:
    decide(Case.objects.get(annotation=waiting), mo, Kind.KEEP)


def switch(client, article, on: str):
    return client.post(reverse("premoderation", args=[article.pk]), {"on": on})


def test_moderators_switch_it_and_reviewers_are_told(client, article, round, ana, mo):
    told = "Others see your tags after a moderator has."
    reviewer = Client()
    reviewer.force_login(ana)
    client.force_login(mo)
    review = reverse("review", args=[article.pk])
    for on, button in (("1", "Let tags be seen at once"), ("0", "Let moderators see each tag")):
        done = switch(client, article, on)
        assert (done.status_code, done["Location"]) == (303, review)
        article.refresh_from_db()
        assert article.premoderated == (on == "1")
        assert button in main(client.get(review))
        assert (told in main(reviewer.get(article.get_absolute_url()))) == (on == "1")
    assert "Pre-moderation" not in main(reviewer.get(review))


def test_reviewers_do_not_switch_it(as_ana, article):
    assert switch(as_ana, article, "1").status_code == 403
    article.refresh_from_db()
    assert not article.premoderated


def test_its_author_sees_that_it_waits_and_others_do_not_see_it(waiting, ana, ben, mo):
    page = waiting.get_absolute_url()
    for person, status in ((ana, 200), (ben, 404), (mo, 200)):
        client = Client()
        client.force_login(person)
        answer = client.get(page)
        assert answer.status_code == status
        if status == 200:
            assert WAITS in main(answer)
            assert "has hidden this tag" not in main(answer)


def test_strips_and_what_is_contested_do_not_count_it(article, waiting, ana, ben, mo):
    for person in (ana, ben, mo):
        assert strips(article, person)[1] == "1 Claim, 2 not read"
    client = Client()
    client.force_login(ben)
    contested = f"{article.get_absolute_url()}?view=contested"
    assert "The reviewers agree on every sentence" in main(client.get(contested))
    approve(waiting, mo)
    assert strips(article, ben)[1] == "1 Claim, 1 Evidence, 1 not read"
    assert "Sentence 1 1 Claim, 1 Evidence" in main(client.get(contested))


def test_the_counts_of_labels_leave_it_out(article, waiting, ana, ben, mo):
    def counted(person) -> tuple[dict, dict]:
        shown = legend(article, part_of(article, person)).labels
        listed = counts_by_article([article], person).get(article.pk, [])
        return (
            {one.slug: one.count for one in shown if one.count},
            {slug: count for slug, _, count in listed},
        )

    for person in (ana, ben, mo):
        assert counted(person) == ({"claim": 1}, {"claim": 1})
    approve(waiting, mo)
    assert counted(ben) == ({"claim": 1, "evidence": 1}, {"claim": 1, "evidence": 1})


def test_ones_own_progress_counts_it_and_what_others_are_told_does_not(
    article, waiting, round, ana, ben, mo
):
    assert legend(article, part_of(article, ana)).progress.done == 1

    def told(viewer) -> dict[str, int]:
        parts = reviews.work_of(reviews.parts().filter(round=round), viewer)
        return {str(one.assignment.reviewer): one.progress.done for one in parts}

    assert told(ana) == told(mo) == {"ana": 1, "ben": 1, "cleo": 0}
    assert told(ben) == {"ana": 0, "ben": 1, "cleo": 0}
    client = Client()
    client.force_login(ben)
    review = reverse("review", args=[article.pk])
    assert "ana Not begun" in main(client.get(review))
    approve(waiting, mo)
    assert told(ben) == {"ana": 1, "ben": 1, "cleo": 0}
    assert "ana In progress" in main(client.get(review))


def test_exports_of_others_do_not_have_it(article, waiting, ana, ben, mo):
    for name in ("jsonl", "csv"):
        for person, has in ((ana, True), (ben, False), (mo, True)):
            client = Client()
            client.force_login(person)
            text = b"".join(client.get(reverse("export", args=[article.pk, name]))).decode()
            # Without the labels, which a story in jsonl begins with.
            tags = [line for line in text.splitlines() if "exact" in line or name == "csv"]
            assert ("evidence" in "".join(tags)) == has, (name, person)


def test_a_majority_after_the_reveal_does_not_count_it(
    article, sentence, ana, ben, cleo, mo, labels
):
    """One for evidence and one waiting against is a majority of one, not a tie."""
    blind = rounds.open_round(article, by=mo, reviewers=[ana, ben, cleo])
    tag(article, ben, labels["evidence"], sentence)
    people.premoderate_article(article, True, by=mo)
    tag(article, cleo, labels["claim"], sentence)
    people.premoderate_article(article, False, by=mo)
    rounds.reveal(blind, by=mo)
    tag(article, ana, labels["evidence"], sentence)
    assert Change.objects.filter(by=ana).last().movement == "towards"


def test_the_list_of_stories_tells_nothing_of_it(
    article, round, sentence, ana, ben, mo, labels
):
    client = Client()
    client.force_login(ben)

    def page() -> str:
        return main(client.get("/"))

    people.premoderate_article(article, True, by=mo)
    before = page()
    tag(article, ana, labels["claim"], sentence)
    assert page() == before


def test_a_new_account_begins_as_the_site_is_set(
    settings, article, round, mo, labels, sentence
):
    settings.PREMODERATED_TAGS = 1
    new = make_user("nia")
    first = tag(article, new, labels["claim"], sentence)
    second = tag(article, new, labels["evidence"], sentence)
    assert (first.pending, second.pending) == (True, False)


def test_pages_of_others_are_not_told_that_somebody_tagged(
    article, round, sentence, ana, ben, mo, labels
):
    """Made, changed, undone and taken back, it is news to its author and to moderators only."""
    people.premoderate_article(article, True, by=mo)
    browsers = {person: Client() for person in (ana, ben, mo)}
    for person, client in browsers.items():
        client.force_login(person)

    def news(person, since: int) -> str:
        changes = f"{reverse('changes', args=[article.pk])}?since={since}"
        return browsers[person].get(changes, headers=HTMX).text

    def latest(person) -> int:
        page = browsers[person].get(article.get_absolute_url()).text
        return int(re.search(r'data-latest="(\d+)"', page)[1])

    before = latest(ben)
    waiting = tag(article, ana, labels["claim"], sentence)
    tagging.edit(waiting, by=ana, note="A note")
    tagging.undo(article, by=ana)
    tagging.withdraw(waiting, by=ana)
    tagging.undo(article, by=ana)
    assert latest(ben) == before
    assert f"sentence-{sentence.pk}" not in news(ben, before)
    assert f"sentence-{sentence.pk}" in news(mo, before)
    assert latest(ana) > before
    approve(waiting, mo)
    assert "ana changed sentence 1" in news(ben, before)
