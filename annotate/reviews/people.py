"""What the people of a round are called to one who looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from annotate.accounts.models import User

from .models import Assignment, Round


@dataclass
class People:
    """Pseudonyms hide reviewers only.

    Moderators see the names: beside the pseudonyms where the round has them, since in the
    comments people are called by these.
    """

    sees_names: bool = True
    seats: dict[str, str] = field(default_factory=dict)  # pseudonym by public name

    @classmethod
    def of(cls, round: Round | None, viewer: User) -> People:
        people = cls(viewer.is_moderator)
        if round is not None and round.pseudonyms:
            seats = Assignment.objects.filter(round=round).select_related("reviewer")
            people.seats = {one.reviewer.public_name: one.pseudonym for one in seats}
        return people

    @classmethod
    def of_each(cls, rounds: Iterable[Round | None], viewer: User) -> dict[int | None, People]:
        """Return the people of several rounds, by each round's key. One query."""
        given = {one.pk if one else None: one for one in rounds}
        found = {pk: cls(viewer.is_moderator) for pk in given}
        named = [pk for pk, one in given.items() if one is not None and one.pseudonyms]
        seats = Assignment.objects.filter(round__in=named).select_related("reviewer")
        for seat in seats if named else ():
            found[seat.round_id].seats[seat.reviewer.public_name] = seat.pseudonym
        return found

    def called(self, person: User) -> str:
        """What comments call a person: the same to everybody who reads them."""
        return self.seats.get(person.public_name, person.public_name)

    def name(self, person: User) -> str:
        """What the page calls a person."""
        called = self.called(person)
        if self.sees_names and called != person.public_name:
            return f"{person.public_name} ({called})"
        return called
