"""Two moderators at once over the same queue."""

from __future__ import annotations

import random
from collections import Counter
from threading import Thread

import pytest
from django.db import connections
from django.test import Client

from annotate.moderation.models import AuditEntry, Case, Decision
from tests.moderation.many import make_cases

HTMX = {"HX-Request": "true"}
STEPS = 150  # more than are needed


def work(person, answers: Counter, wrong: list) -> None:
    """Decide what the queue shows first, one to three at once, until nothing is left."""
    dice = random.Random(person.username)
    client = Client()
    client.force_login(person)
    try:
        for _ in range(STEPS):
            rows = client.get("/admin/queue/", headers=HTMX).context["shown"].rows
            if not rows:
                return
            chosen = [row.key for row in rows[: dice.randint(1, 3)]]
            fields = {"case": chosen, "decision": dice.choice(["keep", "hide", "warn"])}
            answer = client.post("/admin/queue/decide/", fields, headers=HTMX)
            answers[answer.status_code] += 1
            if dice.random() < 0.1:
                back = client.post("/admin/queue/take-back/", headers=HTMX)
                answers[f"back {back.status_code}"] += 1
        wrong.append(f"{person}: steps ran out")
    except Exception as error:  # told by the test
        wrong.append(repr(error))
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_no_case_is_decided_twice_and_none_is_lost(labels, ana, ben, mo, mia):
    made = make_cases(ana, ben, mo, tags=20, comments=5, waiting=5)
    assert len(made) == 30
    answers: Counter = Counter()
    wrong: list[str] = []
    threads = [Thread(target=work, args=(one, answers, wrong)) for one in (mo, mia)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert set(answers) <= {200, 409, "back 200", "back 409"}
    assert not Case.objects.open().exists()
    standing = Counter(Decision.objects.standing().values_list("case", flat=True))
    assert standing == Counter(dict.fromkeys([one.pk for one in made], 1))
    logged = AuditEntry.objects.filter(kind__in=["decided", "taken_back"])
    assert logged.filter(kind="decided").count() == Decision.objects.count()
    taken = Decision.objects.exclude(taken_back_at=None).count()
    assert logged.filter(kind="taken_back").count() == taken
