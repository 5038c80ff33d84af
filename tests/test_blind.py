"""In a blind round nobody below moderator learns anything of what others do.

Not by looking for names in pages: every address is asked before and after another reviewer
worked through the story, and has to answer the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from annotate.annotations import actions as tagging
from annotate.annotations.models import Label
from annotate.articles.models import Article
from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Decision
from annotate.reviews import actions
from tests.factories import make_article, make_user

# What differs from one answer to the next by itself.
ASIDE = re.compile(
    rb'csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken": "[^"]*"|nonce="[^"]*"'
    rb'|name="request" value="[^"]*"'
)
# Of these only the person's own text stands in the answer, or none.
POSTS = ("annotation", "withdraw", "thread", "edit_comment", "withdraw_comment")


@pytest.fixture
def cleo(db):
    return make_user("cleo")


@pytest.fixture
def story(article, ana, ben, mo, claim):
    """A blind round of ana and ben, in which ana has done something of everything.

    A tag of hers is a case.
    """
    actions.open_round(article, by=mo, reviewers=[ana, ben], needed=3)
    made = tagging.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5, note="Mine."
    )
    cases.flag(made.annotation, by=mo, reason="spam")
    tagging.set_reading(article.sentences.get(position=2), by=ana)
    decisions.decide_about(ana, Verdict(Decision.Kind.WARN), by=mo)
    Decision.objects.update(seen_at=timezone.now())
    return article


def work(article: Article, person, labels) -> None:
    """Do all that a reviewer can do, over the whole story, and submit it."""
    for sentence in article.sentences.all():
        tagging.annotate(
            article=article,
            reviewer=person,
            label=labels["speculation"],
            start=sentence.start,
            end=sentence.end,
            note=f"A secret note of {person}",
            confidence=5,
        )
    first = article.annotations.filter(reviewer=person).first()
    tagging.edit(first, by=person, note="Another secret", label=labels["evidence"])
    tagging.withdraw(first, by=person)
    tagging.undo(article, by=person)
    tagging.set_reading(article.sentences.get(position=1), by=person)
    talk(article, person)
    moderate(first, make_user("mia", "moderator"))
    actions.submit(article, by=person)


def moderate(tag, moderator) -> None:
    """Flag a tag and decide about it and about who made it."""
    case = cases.flag(tag, by=moderator, reason="spam", text="A secret reason").case
    for kind in (Decision.Kind.HIDE, Decision.Kind.RESTORE, Decision.Kind.WARN):
        case.refresh_from_db()
        verdict = Verdict(kind, note="A secret note")
        assert decisions.decide({case.pk: case.version}, verdict, by=moderator).decided


def talk(article: Article, person) -> None:
    from annotate.discussion import actions as discussing

    thread = discussing.begin_thread(
        article=article, by=person, start=0, end=5, text="A secret question, @ana?"
    )
    discussing.comment(thread, by=person, text="A secret answer.")


def every_address(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Yield the names of all addresses but those of Django's admin: tests/test_admin.py."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield str(entry.name)
        elif entry.namespace != "admin":
            yield from every_address(entry)


RANDOM = {
    "annotations": "annotations.annotation",
    "threads": "discussion.thread",
    "comments": "discussion.comment",
}
KINDS = RANDOM | {
    **{"rounds": "reviews.round", "queue": "moderation.case"},
    "flags": "moderation.flag",
}
NOBODYS = 10**9  # nothing has this number
NO_DECISIONS = UUID(int=NOBODYS)


def as_nobodys(address: str) -> str:
    """Return an address with the number of a thing that there is not."""
    address = re.sub(
        r"(?<=^/)(annotations|threads|comments|flags|admin/queue)/\d+",
        rf"\1/{NOBODYS}",
        address,
    )
    return re.sub(r"(?<=^/decisions/)[0-9a-f-]{36}", str(NO_DECISIONS), address)


def numbers(article: Article) -> dict[str, list]:
    """Return the numbers of what there is, and one of each kind that nothing has.

    By the first word of the addresses that take them.
    """
    sentences = list(article.sentences.values_list("pk", flat=True)[:2])
    # Sessions and passkeys: one's own, or none at all.
    found = {"articles": [article.pk], "sentences": sentences, "accounts": [1, 2]}
    found["people"] = found["revert"] = [1, 2]  # refused, whatever the number
    for word, kind in KINDS.items():
        found[word] = [NOBODYS, *apps.get_model(kind).objects.values_list("pk", flat=True)]
    told = Decision.objects.values_list("number", flat=True)
    return found | {"decisions": [NO_DECISIONS, *told], "reviewers": [1, 2, 3]}


def arguments(article: Article, name: str, known: dict[str, list]) -> list[dict]:
    """Return what to fill an address with: everything that may exist or be guessed."""
    pattern, names = next(iter(get_resolver().reverse_dict.getlist(name)))[0][0]
    wanted = set(names)
    if not wanted:
        return [{}]
    if wanted == {"pk"}:
        word = pattern.removeprefix("admin/").partition("/")[0]
        return [{"pk": number} for number in known[word]]
    if wanted == {"format"}:
        return [{"format": name} for name in ("jsonl", "csv")]
    if wanted == {"pk", "format"}:
        return [{"pk": article.pk, "format": name} for name in ("jsonl", "csv")]
    if wanted == {"number"}:
        return [{"number": number} for number in known["decisions"]]
    if wanted == {"pk", "number"}:
        return [{"pk": article.pk, "number": number} for number in known["reviewers"]]
    if wanted == {"slug"}:
        return [{"slug": "claim"}]
    assert wanted == {"uidb64", "token"}, f"{name}: say what stands in its address"
    return []


QUERIES: dict[str, Sequence[str]] = {
    "articles": ["?q=secret", "?q=taxes", "?mine=begun"],
    "article": ["?view=all", "?view=contested", "?reviewer=1", "?reviewer=2"],
    "changes": ["?since=0"],
    "new_thread": ["?start=0&end=5"],
    **dict.fromkeys(["history", "threads", "review", "work", "guideline"], ()),
}


def answers(
    client: Client, article: Article, known: dict, names: Sequence[str] = ()
) -> dict[str, tuple]:
    """Ask every address in every way; return status and body, without what always differs."""
    found = {}
    for name in names or sorted(set(every_address(get_resolver()))):
        for number, kwargs in enumerate(arguments(article, name, known)):
            address = reverse(name, kwargs=kwargs)
            for query in ["", *QUERIES.get(name, [])] if number == 0 else [""]:
                for headers in ({}, {"HX-Request": "true"}) if name in QUERIES else ({},):
                    response = client.get(address + query, headers=headers)
                    what = f"{address}{query} {'htmx' if headers else ''}"
                    found[what] = response.status_code, ASIDE.sub(b"", b"".join(response))
    return found


def test_every_address_answers_the_same_before_and_after_others_work(
    story, ana, ben, mo, cleo, labels
):
    known = numbers(story)
    clients = {person: Client() for person in (ana, cleo, mo)}
    for person, client in clients.items():
        client.force_login(person)
    moderators = ("article", "history", "threads", "review", "export")
    asked = {ana: (), cleo: (), mo: moderators}
    before = {one: answers(client, story, known, asked[one]) for one, client in clients.items()}
    work(story, ben, labels)
    secret = {word: sorted({*found} - {*known[word]}) for word, found in numbers(story).items()}
    assert all(secret[word] for word in [*RANDOM, "flags", "decisions"])
    for person in (ana, cleo):
        for address, answer in answers(clients[person], story, secret).items():
            assert answer == before[person][as_nobodys(address)], address
    changed = {
        person: {
            address
            for address, answer in answers(client, story, known, asked[person]).items()
            if answer != before[person][address]
        }
        for person, client in clients.items()
    }
    assert len(before[ana]) > 70
    assert sum(status == 200 for status, _ in before[ana].values()) > 30
    assert changed[ana] == changed[cleo] == set()
    inside = [one for at, one in before[ana].items() if at.startswith("/admin/")]
    assert {status for status, _ in inside} == {403, 405}
    # A moderator sees what is hidden from the others: there is something to see.
    seen = {address.split()[0] for address in changed[mo]}
    for name in moderators:
        more = ["jsonl"] if name == "export" else []
        assert reverse(name, args=[story.pk, *more]) in seen


@pytest.mark.parametrize("name", POSTS)
def test_a_secret_thing_is_refused_as_one_that_does_not_exist(
    client, story, ana, ben, labels, name
):
    work(story, ben, labels)
    client.force_login(ana)
    secret = {
        "thread": lambda: story.threads.filter(created_by=ben),
        "edit_comment": lambda: story.threads.get(created_by=ben).comments,
        "withdraw_comment": lambda: story.threads.get(created_by=ben).comments,
    }.get(name, lambda: story.annotations.filter(reviewer=ben))()
    method = client.get if name == "thread" else client.post
    told = [
        (response.status_code, ASIDE.sub(b"", response.content))
        for response in (
            method(reverse(name, args=[pk]), {"note": "x", "text": "x"})
            for pk in (secret.values_list("pk", flat=True)[0], 10**9)
        )
    ]
    assert told[0] == told[1]
    assert told[0][0] == 404


def test_an_answer_to_ones_own_work_tells_nothing_of_others(client, story, ana, ben, labels):
    """A tag on a sentence that somebody else has tagged as well looks as on any other."""
    other = make_article("The same story again", story.text.partition("\n\n")[2])
    mo = make_user("moo", "moderator")
    actions.open_round(other, by=mo, reviewers=[ana, ben], needed=3)
    tagging.annotate(
        article=other, reviewer=ana, label=labels["claim"], start=0, end=5, note="Mine."
    )
    tagging.set_reading(other.sentences.get(position=2), by=ana)
    work(story, ben, labels)
    client.force_login(ana)
    told = []
    for article in (story, other):
        sentence = article.sentences.get(position=1)
        body = {"start": sentence.start, "end": sentence.end, "label": "evidence", "since": 0}
        response = client.post(
            reverse("annotate", args=[article.pk]), body, headers={"HX-Request": "true"}
        )
        # Numbers of the database and offsets, which the longer headline moves.
        told.append(re.sub(r"\d+", "0", ASIDE.sub(b"", response.content).decode()))
    assert told[0].count("Evidence") > 0
    assert told[0] == told[1]


def clock() -> int:
    """Return the database's time, in microseconds since 1970."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return cursor.fetchone()[0]


def test_the_number_of_an_event_tells_when_it_was_and_no_more(client, story, ana, ben, labels):
    """By a count, a reviewer would know how much others did since their own last event."""
    client.force_login(ana)
    page = reverse("article", args=[story.pk])

    def told() -> list[str]:
        return [
            *re.findall(r'data-latest="(\d+)"', client.get(page).text),
            *re.findall(r"event: seen\ndata: (\d+)", client.get(f"{page}live/").text),
        ]

    before = told()
    assert len(before) == 2
    work(story, ben, labels)
    assert told() == before
    began = clock()
    body = {"start": 0, "end": 5, "label": "evidence", "since": before[0]}
    answer = client.post(f"{page}annotations/", body, headers={"HX-Request": "true"})
    numbers = [int(one) for one in re.findall(r'data-latest="(\d+)"', answer.text) + told()]
    assert len(set(numbers)) == 1
    assert began < numbers[0] < clock()


@pytest.mark.parametrize("kind", RANDOM.values())
def test_numbers_of_ones_own_things_have_no_order(story, ana, kind):
    for start in (10, 20):
        evidence = Label.objects.get(slug="evidence")
        tagging.annotate(article=story, reviewer=ana, label=evidence, start=start, end=30)
        talk(story, ana)
    model = apps.get_model(kind)
    first, second = model.objects.order_by("-created_at").values_list("pk", flat=True)[:2]
    assert abs(first - second) > 1_000  # by chance less: once in 10^11
    assert max(first, second) < 2**48  # JavaScript has them exactly
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_default, is_identity FROM information_schema.columns"
            " WHERE table_name = %s AND column_name = 'id'",
            [model._meta.db_table],
        )
        drawn, counted = cursor.fetchone()
    assert "gen_random_uuid()" in drawn  # of the database's secure generator
    assert counted == "NO"
