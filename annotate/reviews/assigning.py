"""Who is to review what: evenly spread, or as chosen; shown first, then done in one step."""

from __future__ import annotations

import datetime
import random
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from annotate.accounts.models import User
from annotate.articles.models import Article

from . import actions, queries
from .models import Assignment, Round

SPREAD, EACH = "spread", "each"


@dataclass(frozen=True)
class Need:
    """An article that wants reviewers, and whom it cannot have."""

    article: int
    wanted: int
    barred: frozenset[int] = frozenset()


def spread(
    needs: Iterable[Need], loads: Mapping[int, int], *, seed: int
) -> dict[int, list[int]]:
    """Return who reviews each article: as many as it wants, or all that it may have.

    `loads` has what each person is at already. No other choice would leave the loads more
    even: each article first takes whoever has least, then work moves along chains of
    articles from somebody to somebody who has at least two less, while there are any. The
    same `seed` gives the same answer. Source: Harvey, Ladner, Lovász, Tamir (2006),
    Semi-matchings for bipartite graphs and load balancing, theorem 3.1.
    """
    needs = sorted(needs, key=lambda need: need.article)
    people = sorted(loads)
    random.Random(seed).shuffle(people)  # noqa: S311 - ties are to fall by the seed
    turn = {person: number for number, person in enumerate(people)}
    load = dict(loads)
    chosen: dict[int, set[int]] = {}
    for need in needs:
        free = sorted(
            (one for one in people if one not in need.barred),
            key=lambda one: (load[one], turn[one]),
        )
        chosen[need.article] = set(free[: need.wanted])
        for person in chosen[need.article]:
            load[person] += 1
    while chain := _chain(needs, chosen, people, load):
        for giver, article, taker in chain:
            chosen[article] ^= {giver, taker}
        load[chain[0][0]] -= 1
        load[chain[-1][2]] += 1
    return {article: sorted(found, key=turn.__getitem__) for article, found in chosen.items()}


def _chain(
    needs: Sequence[Need],
    chosen: Mapping[int, set[int]],
    people: Sequence[int],
    load: Mapping[int, int],
) -> list[tuple[int, int, int]]:
    """Return how one piece of work moves to somebody with at least two less; [] if it cannot.

    As `(giver, article, taker)`: each taker but the last gives another article on.
    """
    for start in sorted(people, key=lambda one: -load[one]):
        came: dict[int, tuple[int, int]] = {}  # person -> (who gives to them, which article)
        queue = deque([start])
        while queue:
            giver = queue.popleft()
            if load[giver] <= load[start] - 2:
                return _back(came, start, giver)
            for need in needs:
                here = chosen[need.article]
                if giver not in here:
                    continue
                for taker in people:
                    barred = taker in here or taker in need.barred
                    if not barred and taker != start and taker not in came:
                        came[taker] = (giver, need.article)
                        queue.append(taker)
    return []


def _back(
    came: Mapping[int, tuple[int, int]], start: int, end: int
) -> list[tuple[int, int, int]]:
    chain = []
    while end != start:
        giver, article = came[end]
        chain.append((giver, article, end))
        end = giver
    return chain[::-1]


# --- What is to be assigned -------------------------------------------------------------------


@dataclass
class Wish:
    """What a moderator asked for. Without `people`, whoever may review."""

    articles: list[Article]
    people: list[User]
    how: str = SPREAD
    needed: int = 2
    mode: str = Round.Mode.BLIND
    due: datetime.date | None = None
    pseudonyms: bool = False
    not_submitter: bool = True
    seed: int = 0


@dataclass
class Line:
    """What one article gets. `has` are its reviewers until now."""

    article: Article
    round: Round | None  # an active one; None: a round is opened
    needed: int
    has: list[User]
    people: list[User] = field(default_factory=list)
    problem: str = ""


@dataclass
class Plan:
    """What will be assigned, before it is."""

    lines: list[Line]
    people: list[User]  # all who could get something, with their `unfinished`

    @property
    def token(self) -> str:
        """The same for the same plan."""
        return ";".join(
            f"{line.article.pk}:{','.join(str(one.pk) for one in line.people)}"
            for line in self.lines
        )

    @property
    def parts(self) -> int:
        return sum(len(line.people) for line in self.lines)

    @property
    def problems(self) -> list[str]:
        return [line.problem for line in self.lines if line.problem]

    @property
    def loads(self) -> list[tuple[User, int, int]]:
        """Each person with what they have unfinished now, and then."""
        new = [one.pk for line in self.lines for one in line.people]
        return [
            (one, one.unfinished, one.unfinished + new.count(one.pk))  # type: ignore[attr-defined]
            for one in self.people
        ]


class PlanChanged(Exception):
    """Something happened since the plan was shown: here is the one of now."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan


def make_plan(wish: Wish) -> Plan:
    """Return what would be assigned now. Costs the same queries for any number of articles."""
    chosen = {one.pk for one in wish.people}
    everybody = list(queries.possible_reviewers())
    people = [one for one in everybody if one.pk in chosen or not chosen]
    lines, barred = [], {}
    for article, round, has, gone in queries.standing_parts(wish.articles):
        line = Line(article, round, round.needed if round else wish.needed, has)
        lines.append(line)
        barred[article.pk] = {one.pk for one in [*has, *gone]}
        if wish.how == SPREAD and wish.not_submitter and article.submitted_by_id:
            barred[article.pk].add(article.submitted_by_id)
        if round and round.is_revealed:
            line.problem = (
                f"“{article}”: round {round.number} is revealed already. Close it, then open "
                "another one."
            )
            barred[article.pk] = {one.pk for one in people}
    found = _choose(wish, lines, people, barred)
    by_number = {one.pk: one for one in people}
    for line in lines:
        line.people = [by_number[one] for one in found[line.article.pk]]
        line.problem = line.problem or _problem(wish, line, people, barred[line.article.pk])
    return Plan(lines, people)


def _choose(
    wish: Wish, lines: list[Line], people: list[User], barred: dict[int, set[int]]
) -> dict[int, list[int]]:
    if wish.how == EACH:
        return {
            article: [one.pk for one in people if one.pk not in out]
            for article, out in barred.items()
        }
    needs = [
        Need(
            line.article.pk,
            max(0, line.needed - len(line.has)),
            frozenset(barred[line.article.pk]),
        )
        for line in lines
    ]
    loads = {one.pk: one.unfinished for one in people}  # type: ignore[attr-defined]
    return spread(needs, loads, seed=wish.seed)


def _problem(wish: Wish, line: Line, people: list[User], barred: set[int]) -> str:
    """Return what an article lacks, and why, in words."""
    got = len(line.has) + len(line.people)
    if got >= line.needed:
        return ""
    if wish.how == EACH:
        return f"“{line.article}” has {got} of {line.needed} reviewers then."
    reasons = []
    if here := sum(
        one.pk in barred and one.pk != line.article.submitted_by_id for one in people
    ):
        reasons.append(f"{here} {'has' if here == 1 else 'have'} or had a part already")
    if any(one.pk == line.article.submitted_by_id and one.pk in barred for one in people):
        reasons.append("1 put the story in")
    count = "1 person" if len(people) == 1 else f"{len(people)} people"
    why = (
        f"of {count} to choose from, {' and '.join(reasons)}"
        if reasons
        else (f"there {'is' if len(people) == 1 else 'are'} only {count} to choose from")
    )
    return f"“{line.article}” gets {got} of {line.needed} reviewers: {why}."


@transaction.atomic
def carry_out(wish: Wish, *, token: str, by: User) -> Plan:
    """Assign as the plan of this `token` says, all or nothing.

    Raises PlanChanged if it would be another plan by now, ActionRefused.
    """
    # In one order, so that two moderators do not wait for each other forever.
    for article in sorted(wish.articles, key=lambda one: one.pk):
        actions.lock_article(article)
    plan = make_plan(wish)
    if plan.token != token:
        raise PlanChanged(plan)
    for line in plan.lines:
        if not line.people:
            continue
        if line.round:
            actions.assign(line.round, line.people, by=by)
        else:
            actions.open_round(
                line.article,
                by=by,
                mode=wish.mode,
                needed=wish.needed,
                due=wish.due,
                pseudonyms=wish.pseudonyms,
                reviewers=line.people,
            )
    return plan


def whoever_has_least(assignment: Assignment) -> User | None:
    """Return who should take a part over: the least work, never who put the story in."""
    round = assignment.round
    barred = {
        round.article.submitted_by_id,
        *round.assignments.values_list("reviewer", flat=True),
    }
    people = [one for one in queries.possible_reviewers() if one.pk not in barred]
    return min(people, key=lambda one: one.unfinished, default=None)  # type: ignore[attr-defined]
