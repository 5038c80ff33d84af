"""Rounds: their states and moves, who sees whose tags, and what belongs to which round."""

from __future__ import annotations

import re
import threading

import pytest
from django.db import connection

from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation, Change, Reading
from annotate.live.models import Event
from annotate.reviews import actions
from annotate.reviews.models import Move, Round
from annotate.reviews.parts import part_of
from annotate.reviews.refusals import ActionRefused, ArticleClosed, NotAReviewer

HTMX = {"HX-Request": "true"}


@pytest.fixture
def blind(article, ana, ben, mo):
    return actions.open_round(article, by=mo, reviewers=[ana, ben], needed=2)


def tag(article, person, label, start=0, end=5):
    return tagging.annotate(
        article=article, reviewer=person, label=label, start=start, end=end
    ).annotation


def moves(round):
    return [(one.kind, one.before, one.after) for one in round.moves.order_by("pk")]


def test_a_blind_round_goes_from_blind_to_revealed_to_closed(article, blind, ana, ben, mo):
    actions.submit(article, by=ana)
    assert part_of(article, ana).round.state == "blind"
    actions.submit(article, by=ben)
    assert part_of(article, ana).round.state == "revealed"
    actions.close(blind, by=mo)
    article.refresh_from_db()
    assert article.status == "locked"
    assert [kind for kind in moves(blind) if kind[1]] == [
        ("revealed", "blind", "revealed"),
        ("closed", "revealed", "closed"),
    ]


def test_every_pair_of_states_is_either_a_move_or_refused(article, mo, ana, labels):
    for state, after in actions.MOVES.items():
        for wanted, action in (("revealed", actions.reveal), ("closed", actions.close)):
            mode = "open" if state == "open" else "blind"
            article.rounds.update(latest=False, state="closed")
            number = article.rounds.count() + 1
            round = Round.objects.create(article=article, number=number, mode=mode, state=state)
            if wanted in after or wanted == state:
                assert action(round, by=mo).state == wanted
            else:
                with pytest.raises(ActionRefused, match="cannot become"):
                    action(round, by=mo)


def test_fewer_needed_bring_the_reveal(article, blind, ana, mo):
    actions.submit(article, by=ana)
    assert actions.change_round(blind, by=mo, needed=1).state == "revealed"


def test_a_second_round_needs_the_first_closed_and_starts_empty(
    article, blind, ana, mo, claim, sentence
):
    first = tag(article, ana, claim)
    tagging.set_reading(sentence, by=ana)
    with pytest.raises(ActionRefused, match="Round 1 of .* is not closed yet"):
        actions.open_round(article, by=mo)
    actions.reveal(blind, by=mo)
    actions.close(blind, by=mo)
    with pytest.raises(ArticleClosed):
        tag(article, ana, claim, 6, 10)
    second = actions.open_round(article, by=mo, reviewers=[ana])
    again = tag(article, ana, claim)
    assert (first.round, again.round) == (blind, second)
    assert tagging.set_reading(sentence, by=ana).change.kind == "read"
    assert Reading.objects.live().count() == 2
    with pytest.raises(ArticleClosed, match="belongs to an earlier round"):
        tagging.withdraw(first, by=ana)


def test_undo_stops_at_the_beginning_of_a_round(article, blind, ana, mo, claim):
    tag(article, ana, claim)
    actions.reveal(blind, by=mo)
    actions.close(blind, by=mo)
    actions.open_round(article, by=mo, reviewers=[ana])
    assert tagging.undo(article, by=ana).change is None
    assert Annotation.objects.live().count() == 1


def test_the_first_round_begins_with_what_was_done_before(article, ana, ben, mo, claim):
    before = tag(article, ana, claim)
    tagging.set_reading(article.sentences.get(position=2), by=ben)
    round = actions.open_round(article, by=mo)
    before.refresh_from_db()
    assert before.round == round
    assert {one.reviewer for one in round.assignments.all()} == {ana, ben}
    assert tagging.undo(article, by=ana).change.kind == "undone"


def test_who_may_work_in_a_round(article, ana, ben, mo, claim):
    round = actions.open_round(article, by=mo, reviewers=[ana])
    with pytest.raises(NotAReviewer, match="reviewed by others"):
        tag(article, ben, claim)
    with pytest.raises(NotAReviewer):
        tag(article, mo, claim)
    actions.assign(round, [ben], by=mo)
    tag(article, ben, claim)


def test_everybody_joins_an_open_round_by_working_in_it(article, ana, ben, mo, claim):
    round = actions.open_round(article, by=mo, mode="open", reviewers=[ana])
    tag(article, ben, claim)
    assert list(round.assignments.values_list("reviewer", "number")) == [
        (ana.pk, 1),
        (ben.pk, 2),
    ]


def test_who_submitted_tags_again_after_reopening(article, blind, ana, claim):
    actions.submit(article, by=ana)
    with pytest.raises(ArticleClosed, match="You have submitted your review"):
        tag(article, ana, claim)
    actions.reopen(article, by=ana)
    tag(article, ana, claim)


def test_a_submit_stays_after_the_reveal(article, blind, ana, mo, claim):
    actions.submit(article, by=ana)
    actions.reveal(blind, by=mo)
    with pytest.raises(ArticleClosed, match="a review stays submitted"):
        actions.reopen(article, by=ana)
    tag(article, ana, claim)  # revised


def test_refused_by_the_page_with_403_and_409(client, article, blind, ana, mo, claim):
    body = {"start": 0, "end": 5, "label": "claim"}
    client.force_login(mo)
    refused = client.post(f"/articles/{article.pk}/annotations/", body, headers=HTMX)
    assert refused.status_code == 403
    assert "Round 1 of this story is reviewed by others." in refused.text
    actions.submit(article, by=ana)
    client.force_login(ana)
    refused = client.post(f"/articles/{article.pk}/annotations/", body, headers=HTMX)
    assert refused.status_code == 409


# --- Who sees whose tags ---------------------------------------------------------


def seen(article, person) -> set[str]:
    """Whose tags `person` sees, by every way of asking."""
    by_queryset = {
        one.reviewer.username
        for one in Annotation.objects.visible_to(person).filter(article=article)
    }
    return by_queryset


@pytest.mark.parametrize("mode", ["blind", "open"])
def test_tags_are_shared_as_the_round_says(article, ana, ben, mo, claim, mode, client):
    round = actions.open_round(article, by=mo, mode=mode, reviewers=[ana, ben])
    tag(article, ana, claim)
    tag(article, ben, claim)
    both = {"ana", "ben"}
    assert seen(article, ana) == ({"ana"} if mode == "blind" else both)
    assert seen(article, mo) == both
    if mode == "blind":
        actions.reveal(round, by=mo)
        assert seen(article, ana) == both
    for person in (ana, ben, mo):
        client.force_login(person)
        page = client.get(f"/articles/{article.pk}/").text
        drawn = re.findall(r'data-annotations="([^"]+)"', page)
        ids = {str(one.pk) for one in Annotation.objects.all()}
        assert [set(one.split()) for one in drawn] == [ids]  # one mark: the same passage


def test_after_the_reveal_only_its_reviewers_see_all(article, blind, ana, ben, mo, claim):
    from tests.factories import make_user

    cleo = make_user("cleo")
    tag(article, ana, claim)
    actions.reveal(blind, by=mo)
    assert seen(article, cleo) == set()
    assert seen(article, ben) == {"ana"}


def test_sharing_is_the_same_in_sql_and_in_a_part(article, blind, ana, ben, mo):
    from tests.factories import make_user

    people = [ana, ben, mo, make_user("cleo")]
    for step in (lambda: None, lambda: actions.reveal(blind, by=mo)):
        step()
        for person in people:
            values = {"moderator": person.is_moderator, "user": person.pk}
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM reviews_round round WHERE "
                    + type(Round.objects.all()).SHARED_WITH,
                    values,
                )
                in_sql = bool(cursor.fetchone()[0])
            assert in_sql == Round.objects.shared_with(person).exists()
            assert in_sql == part_of(article, person).sees_all


def test_pseudonyms_stand_for_names_but_not_to_moderators(article, ana, ben, mo, claim, client):
    round = actions.open_round(
        article, by=mo, mode="open", pseudonyms=True, reviewers=[ana, ben]
    )
    tag(article, ben, claim)
    number = round.assignments.get(reviewer=ben).number
    client.force_login(ana)
    page = client.get(f"/articles/{article.pk}/").text
    assert f"Claim by Reviewer {number}: open this tag" in page
    assert "by ben" not in page
    client.force_login(mo)
    assert "Claim by ben: open this tag" in client.get(f"/articles/{article.pk}/").text


# --- After the reveal ---------------------------------------------------------


@pytest.fixture
def revealed(article, blind, ben, mo, claim):
    """Round with three reviewers; ben and cleo say Claim on the first sentence."""
    from tests.factories import make_user

    cleo = make_user("cleo")
    actions.assign(blind, [cleo], by=mo)
    first = article.sentences.get(position=1)
    for person in (ben, cleo):
        tag(article, person, claim, first.start, first.end)
    actions.reveal(blind, by=mo)
    return first


def movements():
    return list(Change.objects.exclude(movement="").values_list("kind", "movement"))


def test_changes_after_the_reveal_say_how_they_moved(
    article, revealed, ana, ben, claim, evidence
):
    start, end = revealed.start, revealed.end
    assert movements() == []
    mine = tag(article, ana, evidence, start, end)
    tagging.edit(mine, by=ana, label=claim)
    tagging.edit(mine, by=ana, note="As the others say.")
    tagging.withdraw(mine, by=ana)
    tagging.undo(article, by=ana)
    tagging.set_reading(article.sentences.get(position=2), by=ana)
    assert movements() == [
        ("created", "away"),
        ("edited", "towards"),
        ("edited", "neither"),
        ("withdrawn", "away"),
        ("undone", "towards"),
        ("read", "neither"),
    ]


def test_a_tie_is_no_majority(article, revealed, ana, ben, claim, evidence):
    first = Annotation.objects.get(reviewer=ben)
    tagging.edit(first, by=ben, label=evidence)  # away: cleo alone says Claim
    tag(article, ana, claim, revealed.start, revealed.end)  # ben and cleo differ
    assert movements() == [("edited", "away"), ("created", "neither")]


@pytest.mark.django_db(transaction=True)
def test_no_tag_made_after_the_reveal_is_blind(article, ana, ben, mo, claim, labels):
    """A tag that waits for the reveal to commit belongs to the time after it."""
    round = actions.open_round(article, by=mo, reviewers=[ana, ben])
    locked, go = threading.Event(), threading.Event()

    def reveal():
        from django.db import transaction

        try:
            with transaction.atomic():
                actions.reveal(round, by=mo)
                locked.set()
                go.wait(10)
        finally:
            connection.close()

    def tag_meanwhile():
        try:
            tag(article, ana, claim)
        finally:
            connection.close()

    first = threading.Thread(target=reveal)
    second = threading.Thread(target=tag_meanwhile)
    first.start()
    assert locked.wait(10)
    second.start()
    while not waiting():
        pass
    go.set()
    first.join(10)
    second.join(10)
    change = Change.objects.get(kind="created")
    assert change.movement == "neither"
    assert part_of(article, ana).sees_all


def waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() is not None


# --- Submitting ---------------------------------------------------------


def test_the_rest_is_read_in_one_step_and_undone_one_by_one(article, blind, ana, claim):
    total = article.sentences.count()
    tag(article, ana, claim)  # on the headline
    again = article.sentences.get(position=2)
    tagging.set_reading(again, by=ana)
    tagging.set_reading(again, by=ana)  # taken back
    part = part_of(article, ana)
    assert len(tagging.unread_sentences(article, part)) == total - 1
    done = tagging.read_the_rest(article, by=ana)
    assert done.positions == list(range(1, total))
    assert tagging.unread_sentences(article, part) == []
    for left in range(1, total):
        tagging.undo(article, by=ana)
        assert len(tagging.unread_sentences(article, part)) == left
    for left in range(total - 1, 0, -1):
        assert len(tagging.unread_sentences(article, part)) == left
        tagging.redo(article, by=ana)


# --- Events ---------------------------------------------------------


def test_a_blind_round_tells_nobody_of_others(article, blind, ana, ben, mo, claim):
    seen_before = Event.objects.latest("number").number
    tag(article, ana, claim)
    actions.submit(article, by=ana)
    told = Event.objects.filter(number__gt=seen_before)
    assert told.told_to(ben, sees_all=part_of(article, ben).sees_all).count() == 0
    assert told.told_to(ana, sees_all=False).count() == 2
    assert told.told_to(mo, sees_all=True).count() == 2
    actions.reveal(blind, by=mo)
    assert told.told_to(ben, sees_all=False).get().kind == "round"


def test_every_move_is_logged(article, blind, ana, ben, mo):
    actions.submit(article, by=ana)
    actions.reopen(article, by=ana)
    kinds = list(Move.objects.values_list("kind", flat=True))
    assert kinds == ["opened", "assigned", "assigned", "submitted", "reopened"]
