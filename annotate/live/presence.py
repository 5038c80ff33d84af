"""Who is at which article now. Kept in memory, told between processes, never stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

from django.db import close_old_connections, connection

from annotate.accounts.models import User
from annotate.articles.models import ArticleQuerySet
from annotate.trips import fetch_row

from .actions import CHANNEL

FORGOTTEN = 75.0  # seconds after which another process's people are no longer believed in
MOST = 300  # people of an article that one process tells of: a notification has 8,000 bytes

type People = Mapping[int, int | None]  # person -> sentence, if known


class Roster:
    """The people at each article, by the process that has their streams."""

    def __init__(self, process: str) -> None:
        self.process = process
        # article -> process -> its people and when it told of them
        self.told: dict[int, dict[str, tuple[frozenset[int], float]]] = {}
        self.places: dict[tuple[int, int], int] = {}  # (article, person) -> sentence

    def tell(self, article: int, process: str, people: People) -> bool:
        """Note who is at `article` in a process; True if that process is new there.

        Where they are is known already unless they, or we, have only just come.
        """
        processes = self.told.setdefault(article, {})
        new = process not in processes
        processes[process] = frozenset(people), monotonic()
        if not processes[process][0]:
            del processes[process]
        for person, sentence in people.items():
            if sentence is not None:
                self.places.setdefault((article, person), sentence)
        self._forget_places(article)
        return new

    def move(self, article: int, person: int, sentence: int) -> bool:
        """Note at which sentence somebody is; False if they are not here."""
        if person not in self.people(article):
            return False
        self.places[article, person] = sentence
        return True

    def placed(self, article: int, people: Iterable[int]) -> People:
        """Return where each of these is."""
        return {person: self.places.get((article, person)) for person in people}

    def people(self, article: int) -> set[int]:
        return set().union(*(people for people, _ in self.told.get(article, {}).values()))

    def shared(self) -> set[int]:
        """Return the articles at which another process has people, too."""
        return {
            article
            for article, processes in self.told.items()
            if processes.keys() > {self.process}
        }

    def expire(self) -> set[int]:
        """Forget what other processes told long ago; return the articles concerned."""
        oldest = monotonic() - FORGOTTEN
        gone = [
            (article, process)
            for article, processes in self.told.items()
            for process, (_, at) in processes.items()
            if process != self.process and at < oldest
        ]
        for article, process in gone:
            self.tell(article, process, {})
        return {article for article, _ in gone}

    def _forget_places(self, article: int) -> None:
        here = self.people(article)
        if not here:
            del self.told[article]
        for place in [one for one in self.places if one[0] == article and one[1] not in here]:
            del self.places[place]


@dataclass(frozen=True, slots=True)
class Named:
    """What somebody is called: by name, and where names are not to be known."""

    name: str
    pseudonym: str


NAMES = """
    SELECT person.id, person.public_name, seat.number
      FROM accounts_user person
      LEFT JOIN reviews_round round ON round.article_id = %(article)s AND round.latest
      LEFT JOIN reviews_assignment seat
           ON seat.round_id = round.id AND seat.reviewer_id = person.id
     WHERE person.id = ANY(%(people)s)
"""


def names_of(article: int, people: Iterable[int]) -> dict[int, Named]:
    """Return what each is called in the latest round of an article. One query."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES, {"article": article, "people": list(people)})
        return {
            pk: Named(name, f"Reviewer {number}" if number else "Somebody")
            for pk, name, number in cursor.fetchall()
        }


def names_in_pool(article: int, people: Iterable[int]) -> dict[int, Named]:
    close_old_connections()
    try:
        return names_of(article, people)
    finally:
        close_old_connections()


def announce_in_pool(process: str, people: Mapping[int, People]) -> None:
    """Tell all processes who is at these articles in this one. One query."""
    notes = [
        json.dumps({"here": article, "process": process, "people": sorted(some.items())[:MOST]})
        for article, some in people.items()
    ]
    close_old_connections()
    try:
        _notify(notes)
    finally:
        close_old_connections()


# Steps are the most frequent of all that a page sends.
MOVE = f"""
    SELECT pg_notify('{CHANNEL}', json_build_object('at', json_build_array(
               sentence.article_id, %(user)s::bigint, sentence.id))::text)
      FROM articles_sentence sentence
      JOIN articles_article article ON article.id = sentence.article_id
     WHERE sentence.id = %(sentence)s AND article.id = %(article)s
           AND {ArticleQuerySet.VISIBLE_TO}
"""  # noqa: S608 - composed of constants


def move(article: int, user: User, sentence: int) -> bool:
    """Tell all processes at which sentence of an article somebody is.

    False if there is no such sentence that they may know of.
    """
    values = {
        "article": article,
        "user": user.pk,
        "moderator": user.is_moderator,
        "sentence": sentence,
    }
    return fetch_row(MOVE, values) is not None


def _notify(notes: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, note) FROM unnest(%s::text[]) note", [CHANNEL, notes]
        )
