"""Rounds, threads and comments of an import: checked line by line, then stored together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from annotate.accounts.models import User
from annotate.articles.models import Article, Sentence
from annotate.discussion.models import COMMENT_LENGTH, Comment, Thread
from annotate.reviews.models import Assignment, Round

from .fields import Fields, ImportRefused, shown
from .passages import passage_of

MODES = {
    Round.Mode.BLIND: (Round.State.BLIND, Round.State.REVEALED, Round.State.CLOSED),
    Round.Mode.OPEN: (Round.State.OPEN, Round.State.CLOSED),
}
MOST = 32_767  # what a small number can be in the database


@dataclass
class Team:
    """What the lines of a file say about working together. Nothing is saved."""

    rounds: list[Round] = field(default_factory=list)
    seats: list[tuple[str, Assignment]] = field(default_factory=list)  # with its reviewer
    # Each with its line, the round's number, who began it and who resolved it.
    threads: list[tuple[int, int | None, str, str, Thread]] = field(default_factory=list)
    # Each with its author and whom it names.
    comments: list[tuple[str, list[str], Comment]] = field(default_factory=list)

    def names(self) -> Iterator[str]:
        """Yield everybody's name, some more than once."""
        yield from (name for name, _ in self.seats)
        for _, _, by, resolved_by, _ in self.threads:
            yield by
            yield from [resolved_by] if resolved_by else []
        for author, mentions, _ in self.comments:
            yield author
            yield from mentions

    def round(self, line: int, number: int | None) -> Round | None:
        """Return the round of a number; None for None. Raises ImportRefused."""
        if number is None:
            return None
        if number > len(self.rounds):
            raise ImportRefused(line, f"expected a round of this file, got {number}.")
        return self.rounds[number - 1]

    def store(self, article: Article, people: dict[str, User]) -> None:
        """Save threads and comments; the rounds are saved already."""
        for line, number, by, resolved_by, thread in self.threads:
            thread.article, thread.round = article, self.round(line, number)
            thread.created_by = people[by]
            thread.resolved_by = people[resolved_by] if resolved_by else None
        Thread.objects.bulk_create([one[-1] for one in self.threads], batch_size=2_000)
        for author, _, comment in self.comments:
            comment.author = people[author]
            comment.thread_id = comment.thread.pk
        Comment.objects.bulk_create([one[-1] for one in self.comments], batch_size=2_000)
        mention = Comment.mentions.through
        mention.objects.bulk_create(
            mention(comment_id=comment.pk, user_id=people[name].pk)
            for _, names, comment in self.comments
            for name in names
        )

    def store_rounds(self, article: Article, people: dict[str, User]) -> None:
        for round in self.rounds:
            round.article, round.latest = article, round is self.rounds[-1]
        Round.objects.bulk_create(self.rounds)
        for name, seat in self.seats:
            seat.reviewer, seat.round_id = people[name], seat.round.pk
        Assignment.objects.bulk_create([one[-1] for one in self.seats])


def take_round(team: Team, fields: Fields) -> None:
    expected = len(team.rounds) + 1
    mode = fields.choice("mode", Round.Mode.values)
    round = Round(
        number=fields.number("number", expected, expected),
        mode=mode,
        state=fields.choice("state", MODES[Round.Mode(mode)]),
        needed=fields.number("needed", 1, MOST),
        due=fields.date("due"),
        pseudonyms=fields.flag("pseudonyms"),
        opened_at=fields.time("opened"),
        revealed_at=fields.time("revealed", optional=True),
        closed_at=fields.time("closed", optional=True),
    )
    if team.rounds and team.rounds[-1].is_active:
        raise fields.refused(
            "expected one round after the other", "got two that are not closed"
        )
    rows = fields.rows("reviewers", empty=True)
    fields.end()
    team.rounds.append(round)
    names, numbers = set(), set()
    for index, row in enumerate(rows, start=1):
        one = fields.nested(row, f"reviewer {index}")
        name = one.text("reviewer", least=1, most=150)
        seat = Assignment(
            round=round,
            number=one.number("number", 1, MOST),
            due=one.date("due"),
            assigned_at=one.time("assigned"),
            submitted_at=one.time("submitted", optional=True),
            handed_on_at=one.time("handed_on", optional=True),
        )
        one.end()
        if name in names or seat.number in numbers:
            raise one.refused("expected each reviewer and number once", f"got {shown(name)}")
        names.add(name)
        numbers.add(seat.number)
        team.seats.append((name, seat))


def take_thread(team: Team, fields: Fields, text: str, sentences: list[Sentence]) -> None:
    expected = len(team.threads) + 1
    fields.number("number", expected, expected)
    thread = Thread(
        **passage_of(fields, text, sentences),
        created_at=fields.time("created"),
        outcome=fields.choice("outcome", ["", *Thread.Outcome.values]),
        resolved_at=fields.time("resolved", optional=True),
    )
    round = fields.number("round", 1, MOST, optional=True)
    by = fields.text("by", least=1, most=150)
    resolved_by = fields.text("resolved_by", most=150)
    fields.end()
    if len({bool(thread.outcome), bool(thread.resolved_at), bool(resolved_by)}) > 1:
        raise fields.refused(
            "expected “outcome”, “resolved” and “resolved_by” together",
            "got one without another",
        )
    team.threads.append((fields.line, round, by, resolved_by, thread))


def take_comment(team: Team, fields: Fields) -> None:
    if not team.threads:
        raise fields.refused("expected a thread before its comments", "got none")
    thread = team.threads[fields.number("thread", 1, len(team.threads)) - 1][-1]
    fields.number("number", 1, 2**31 - 1)
    comment = Comment(
        thread=thread,
        text=fields.text("text", least=1, most=COMMENT_LENGTH),
        created_at=fields.time("created"),
        edited_at=fields.time("edited", optional=True),
        withdrawn_at=fields.time("withdrawn", optional=True),
        hidden_at=fields.time("hidden", optional=True) if fields.has("hidden") else None,
    )
    author = fields.text("author", least=1, most=150)
    rows = fields.rows("mentions", empty=True)
    fields.end()
    mentions = [
        fields.nested({"name": one}, "mentions").text("name", least=1, most=150) for one in rows
    ]
    if len(set(mentions)) < len(mentions):
        raise fields.refused("expected each name once in “mentions”", "got one again")
    team.comments.append((author, mentions, comment))
