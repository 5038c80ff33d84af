"""Fifty people tag one article at once, with undo, while a moderator reveals in the middle."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation, Change, Reading
from annotate.live.models import Event
from annotate.reviews import actions
from annotate.reviews.models import Move
from tests.factories import make_user

PEOPLE, EACH, THREADS = 50, 4, 8


@pytest.mark.django_db(transaction=True)
def test_fifty_people_lose_and_double_nothing_while_it_is_revealed(article, mo, labels):
    chance = random.Random(7)
    people = [make_user(f"reviewer{number}") for number in range(PEOPLE)]
    round = actions.open_round(article, by=mo, reviewers=people, needed=PEOPLE)
    sentences = list(article.sentences.all())
    made: list[uuid.UUID] = []

    def step(person) -> None:
        what, request = chance.random(), uuid.uuid4()
        sentence = chance.choice(sentences)
        try:
            if what < 0.6:
                made.append(request)
                start = chance.randrange(sentence.start, sentence.end)
                for _ in range(chance.choice((1, 2))):  # an answer got lost: sent again
                    tagging.annotate(
                        article=article,
                        reviewer=person,
                        label=chance.choice(list(labels.values())),
                        start=start,
                        end=sentence.end,
                        request=request,
                    )
            elif what < 0.75:
                tagging.set_reading(sentence, by=person, request=request)
            elif what < 0.9:
                tagging.undo(article, by=person, request=request)
            else:
                tagging.redo(article, by=person, request=request)
        except tagging.AlreadyDone:
            pass
        finally:
            connection.close()

    def reveal(_) -> None:
        try:
            actions.reveal(round, by=mo)
        finally:
            connection.close()

    tasks = [(step, person) for person in people for _ in range(EACH)]
    chance.shuffle(tasks)
    tasks.insert(len(tasks) // 2, (reveal, None))
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda task: task[0](task[1]), tasks))

    changes = list(Change.objects.filter(article=article).order_by("pk"))
    created = [one.request for one in changes if one.kind == "created"]
    standing = {one.request for one in changes}
    assert len(created) == len(set(created))  # none doubled
    # None lost: but for the same label on the same passage again, which changes nothing.
    again = set(made) - standing
    assert len(created) + len(again) == len(made)
    assert len(again) < len(made) / 10
    # One moment: all before the reveal is blind, all after it says how it moved.
    revised = [bool(one.movement) for one in changes]
    assert revised == sorted(revised)
    assert {True, False} == set(revised)
    moment = Event.objects.filter(article=article, kind="round").latest("number").number
    blind = Event.objects.filter(article=article, kind="tags", number__lt=moment)
    assert blind.count() == revised.count(False)
    assert Move.objects.filter(kind="revealed").count() == 1
    # The state is the log replayed.
    last = {(one.annotation_id, one.reading_id): one.after["withdrawn"] for one in changes}
    tags = {
        (one.pk, None): one.withdrawn_at is not None
        for one in Annotation.objects.filter(article=article)
    }
    readings = {(None, one.pk): one.withdrawn_at is not None for one in Reading.objects.all()}
    assert last == tags | readings
