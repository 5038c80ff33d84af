"""The rows of a made-up site: people, and story after story with all that was done to it.

What is made keeps the rules of the actions that make it in real life (the places where they
stand: annotate/annotations/actions.py, annotate/moderation/decisions.py and so on), so that
undo works, and `check_log` finds the logs and the tables alike.
"""

from __future__ import annotations

import datetime
import random
import uuid
from bisect import bisect
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, count
from json import dumps
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.annotations.models import CONTEXT, Annotation, Change, Label, Reading
from annotate.articles.models import Article, Sentence
from annotate.articles.text import compose_text
from annotate.discussion.models import Comment, Step, Thread
from annotate.live.models import Event
from annotate.moderation.decisions import NOTES
from annotate.moderation.models import AuditEntry, Case, Decision, Flag, Reason
from annotate.moderation.risk import WEIGHTS
from annotate.notices.models import Notice
from annotate.reviews.models import Assignment, Move, Round

from . import words
from .tables import Table, scattered

YEARS = datetime.timedelta(days=730)  # from the first story to now
WEEK = datetime.timedelta(days=7)  # in which a story is worked on; events are kept as long
REVIEWERS = 3, 6  # of a story
NEW = 0.9  # stories after this part of all are new: most are open, and in review
READ = 0.35  # of the sentences that a reviewer did not tag
# What becomes of how many tags; the last four are cases. The others stand as they were made.
FATES = {
    **{"withdrawn": 0.04, "edited": 0.1, "undone": 0.005, "redone": 0.005},
    **{"waiting": 0.0005, "open": 0.0025, "kept": 0.0045, "hidden": 0.0025},
}
FATE, UP_TO = [*FATES, ""], [*accumulate(FATES.values())]
CASES = {"waiting", "open", "kept", "hidden"}
DISCUSSED, RESOLVED = 0.5, 0.7  # of the stories, of their threads
FLAGGED = 0.02  # of the comments
LATE = 0.1  # of the blind rounds
# Tables hold spans of [start, end) with the sentences from first to last.
type Passage = tuple[int, int, int, int]
type State = dict[str, Any]  # of a tag, as annotate/annotations/log.py has it


@dataclass(frozen=True)
class Size:
    """How much to make."""

    articles: int
    sentences: int  # of each article, its headline not counted
    annotations: int  # in all
    reviewers: int
    seed: int = 1


@dataclass
class Story:
    """An article while it is filled."""

    pk: int
    at: datetime.datetime
    text: str
    spans: list[tuple[int, int]]  # of the headline and each sentence
    first_sentence: int  # the key of the headline
    status: str
    round: int | None = None
    reviewers: list[int] = field(default_factory=list)


class Site:
    """Makes rows; `tables` hold those that are not stored yet."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.dice = random.Random(size.seed)  # noqa: S311 - no secrets
        self.now = timezone.now()
        self.labels = [(one.pk, one.slug, one.version) for one in Label.objects.all()]
        self.reviewers: list[int] = []
        self.moderators: list[int] = []
        self.left = size.annotations
        keys = ("people", "articles", "sentences", "rounds", "changes", "readings", "cases")
        self.next: dict[str, Any] = {name: count(1) for name in keys}
        self.scattered = scattered()

        passage = "start", "end", "exact", "prefix", "suffix", "first_position", "last_position"
        self.people = Table(
            User, "id", "username", "public_name", "password", "is_staff", "date_joined"
        )
        self.members = Table(User.groups.through, "user_id", "group_id")
        self.articles = Table(
            Article,
            *("id", "title", "outlet", "published", "language", "text", "digest", "status"),
            *("submitted_by_id", "created_at"),
        )
        self.sentences = Table(
            Sentence, "id", "article_id", "position", "paragraph", "start", "end"
        )
        self.rounds = Table(
            Round,
            *("id", "article_id", "number", "mode", "state", "needed", "due", "opened_by_id"),
            *("opened_at", "revealed_at", "closed_at"),
        )
        self.assignments = Table(
            Assignment,
            *("round_id", "reviewer_id", "number", "assigned_by_id", "assigned_at"),
            "submitted_at",
        )
        self.moves = Table(Move, "round_id", "kind", "by_id", "person_id", "after", "at")
        self.tags = Table(
            Annotation,
            *("id", "article_id", "reviewer_id", "label_id", "round_id", *passage, "note"),
            *("confidence", "guideline", "created_at", "changed_at", "withdrawn_at"),
            *("hidden_at", "pending"),
        )
        self.readings = Table(
            Reading, "id", "sentence_id", "reviewer_id", "round_id", "created_at"
        )
        self.changes = Table(
            Change,
            *("id", "article_id", "by_id", "kind", "annotation_id", "reading_id", "round_id"),
            *("before", "after", "target_id", "below_id", "at"),
        )
        self.events = Table(
            Event,
            *("article_id", "number", "by", "kind", "first_position", "last_position", "at"),
        )
        self.threads = Table(
            Thread,
            *("id", "article_id", "round_id", *passage, "created_by_id", "created_at"),
            *("outcome", "resolved_at", "resolved_by_id"),
        )
        self.comments = Table(Comment, "id", "thread_id", "author_id", "text", "created_at")
        self.steps = Table(Step, "thread_id", "comment_id", "kind", "by_id", "at", "outcome")
        self.cases = Table(
            Case,
            *("id", "kind", "state", "person_id", "article_id", "annotation_id", "comment_id"),
            *("opened_at", "flags_standing", "reasons", "seen_for", "risk", "risk_because"),
            *("decided_by_id", "decided_at"),
        )
        self.flags = Table(Flag, "id", "case_id", "by_id", "reason", "created_at")
        self.decisions = Table(
            Decision,
            *("case_id", "person_id", "kind", "reason", "note", "by_id", "role", "at"),
            *("before", "after", "batch", "waited", "seen_at"),
        )
        self.audit = Table(
            AuditEntry,
            *("at", "by_id", "kind", "person_id", "article_id", "annotation_id", "case_id"),
            *("before", "after", "why"),
        )
        self.notices = Table(
            Notice, "person_id", "kind", "article_id", "text", "link", "created_at", "mailed_at"
        )
        self.tables = [one for one in vars(self).values() if isinstance(one, Table)]

    def store(self) -> None:
        for table in self.tables:
            table.store()

    # --- People -------------------------------------------------------------------------

    def make_people(self) -> None:
        """Who reviews, and one moderator for a hundred. None of them can sign in."""
        groups = dict(Group.objects.values_list("name", "pk"))
        number = self.size.reviewers
        for role, people in (
            (Role.REVIEWER, self._people("reviewer", number)),
            (Role.MODERATOR, self._people("moderator", max(number // 100, 3))),
        ):
            (self.reviewers if role == Role.REVIEWER else self.moderators).extend(people)
            for person in people:
                self.members.add(person, groups[role])
                self.audit.add(
                    *(self.now - YEARS, None, "role", person, None, None, None),
                    *('{"role": ""}', dumps({"role": role}), ""),
                )
        # Few do much: of 5,000 the first makes three hundred times as much as the last.
        self.weights = list(accumulate(1 / (rank + 10) for rank in range(number)))

    def _people(self, name: str, number: int) -> list[int]:
        made = []
        for turn in range(1, number + 1):
            called = f"{name}-{turn}"
            made.append(next(self.next["people"]))
            joined = self.now - YEARS * (1 - turn / number)
            staff = name != "reviewer"
            self.people.add(made[-1], called, called, "!", staff, joined)
        return made

    # --- A story ------------------------------------------------------------------------

    def make_story(self, number: int) -> None:
        """Make the story with this number, of all that are wanted, and what was done to it."""
        dice = self.dice
        age = number / self.size.articles
        story = self._article(number, age)
        if story.status == Article.Status.DRAFT:
            return
        chosen = dice.choices(
            self.reviewers, cum_weights=self.weights, k=dice.randint(*REVIEWERS)
        )
        story.reviewers = [*dict.fromkeys(chosen)]
        self._review(story, age)
        # Evenly, half as many to half as many again for each.
        rest = self.size.articles - number
        tags = round(self.left / (rest + 1) * dice.uniform(0.5, 1.5)) if rest else self.left
        tags = min(tags, self.left)
        self.left -= tags
        each, more = divmod(tags, len(story.reviewers))
        for turn, person in enumerate(story.reviewers):
            self._work(story, person, each + (turn < more))
        if dice.random() < DISCUSSED:
            self._discuss(story)

    def _article(self, number: int, age: float) -> Story:
        dice = self.dice
        at = self.now - YEARS * (1 - age) - datetime.timedelta(hours=12)
        called = words.name(dice)
        title = f"{words.phrase(dice, dice.randint(4, 10)).capitalize()} in {called}"
        paragraphs = words.paragraphs(dice, self.size.sentences)
        paragraphs[0][0] = f"In {called}, {paragraphs[0][0]}"
        text = compose_text(title, "\n\n".join(map(" ".join, paragraphs)))
        pk = next(self.next["articles"])
        # The last stands open, for what is left to tag.
        status = self._status(age) if number < self.size.articles else "open"
        language = dice.choices(("en", "de", "fr"), (90, 5, 5))[0]
        by = dice.choice(self.reviewers)
        self.articles.add(
            *(pk, title, f"{dice.choice(words.SYLLABLES).capitalize()} Courier", at.date()),
            *(language, text, Article.digest_of(text), status, by, at),
        )
        log = partial(self._log, "imported" if status == "draft" else "status", pk)
        first = "draft" if status == "draft" else "open"
        self._log("imported", pk, at, by, after={"status": first})
        if status in ("locked", "archived"):
            moderator = dice.choice(self.moderators)
            log(at + 2 * WEEK, moderator, before={"status": "open"}, after={"status": status})
        spans, keys = [(0, len(title))], [next(self.next["sentences"])]
        self.sentences.add(keys[0], pk, 0, 0, 0, len(title))
        start = len(title) + 2
        for paragraph, sentences in enumerate(paragraphs, start=1):
            for one in sentences:
                end = start + len(one)
                keys.append(next(self.next["sentences"]))
                self.sentences.add(keys[-1], pk, len(spans), paragraph, start, end)
                spans.append((start, end))
                start = end + 1
            start += 1
        return Story(pk, at, text, spans, keys[0], status)

    def _status(self, age: float) -> str:
        old = ("open", "locked", "archived"), (55, 30, 15)
        new = ("open", "draft"), (95, 5)
        return self.dice.choices(*(new if age > NEW else old))[0]

    def _log(
        self,
        kind: str,
        article: int,
        at: datetime.datetime,
        by: int | None,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any],
    ) -> None:
        said = dumps(before) if before else None
        self.audit.add(at, by, kind, None, article, None, None, said, dumps(after), "")

    # --- Its review -----------------------------------------------------------------------

    def _review(self, story: Story, age: float) -> None:
        """Open a round, or none: new stories are in review, old ones were or never are."""
        dice = self.dice
        if age > NEW:
            states = [*(("", 25), ("blind", 30), ("revealed", 23), ("open", 22))]
        elif story.status == "open":
            states = [("", 85), ("open", 15)]
        else:
            states = [("", 25), ("closed", 75)]
        state = dice.choices(*zip(*states, strict=True))[0]
        if not state:
            return
        story.round = next(self.next["rounds"])
        was_open = state == "open" or (state == "closed" and dice.random() < 0.3)
        mode = "open" if was_open else "blind"
        by = dice.choice(self.moderators)
        seats = len(story.reviewers)
        later = min(story.at + WEEK, self.now)
        revealed = later if state in ("revealed", "closed") and mode == "blind" else None
        closed = min(later + WEEK, self.now) if state == "closed" else None
        due = (self.now - WEEK).date() if state == "blind" and dice.random() < LATE else None
        self.rounds.add(
            *(story.round, story.pk, 1, mode, state, seats, due, by, story.at),
            *(revealed, closed),
        )
        states_of = [("opened", "", mode, story.at)]
        states_of += [("revealed", "blind", "revealed", revealed)] if revealed else []
        last = "revealed" if revealed else "open"
        states_of += [("closed", last, "closed", closed)] if closed else []
        for kind, before, after, at in states_of:
            self.moves.add(story.round, kind, by, None, after, at)
            self._log(
                *("round", story.pk, at, by),
                before={"round": 1, "state": before},
                after={"round": 1, "state": after},
            )
        for turn, person in enumerate(story.reviewers, start=1):
            # A blind round lacks at least the last one's submit.
            done = revealed or closed or (turn < seats and dice.random() < 0.6)
            submitted = later if done else None
            self.assignments.add(story.round, person, turn, by, story.at, submitted)
            self.moves.add(story.round, "assigned", by, person, "", story.at)
            if submitted:
                self.moves.add(story.round, "submitted", person, person, "", submitted)
            self.notices.add(
                *(person, "assignment", story.pk, "You are a reviewer of a story, round 1."),
                *(f"/articles/{story.pk}/", story.at, story.at),
            )

    # --- What a reviewer does in it ----------------------------------------------------------

    def _work(self, story: Story, person: int, tags: int) -> None:
        """Tag and read from the beginning to the end, each change above the one before."""
        dice = self.dice
        chosen = Counter(dice.choices(range(len(story.spans)), k=tags))
        latest = (self.now - story.at).total_seconds() - 3 * 3600
        left = dice.random() * min(WEEK.total_seconds(), latest)
        at = story.at + datetime.timedelta(seconds=left)
        below: int | None = None
        taken: set[tuple[int, int, int]] = set()
        for position in range(len(story.spans)):
            for _ in range(chosen[position]):
                at += datetime.timedelta(seconds=5 + 30 * dice.random())
                below = self._tag(story, person, position, at, below, taken)
            if not chosen[position] and dice.random() < READ:
                at += datetime.timedelta(seconds=3 + 15 * dice.random())
                below = self._read(story, person, position, at, below)

    def _tag(
        self,
        story: Story,
        person: int,
        position: int,
        at: datetime.datetime,
        below: int | None,
        taken: set[tuple[int, int, int]],
    ) -> int | None:
        """Make a tag, with what became of it; return what undo would take back next."""
        dice = self.dice
        place = self._passage(story, position)
        label, slug, version = dice.choice(self.labels)
        while (label, *place[:2]) in taken:  # then anywhere
            place = self._passage(story, dice.randrange(len(story.spans)))
        taken.add((label, *place[:2]))
        start, end, first, last = place
        pk = next(self.scattered)
        fate = FATE[bisect(UP_TO, dice.random())]
        waits = fate == "waiting"
        state: State = {
            "label": slug,
            "guideline": version,
            "start": start,
            "end": end,
            "note": "",
            "confidence": dice.choice((None, None, None, 3, 4, 5)),
            "withdrawn": False,
            "hidden": waits,
        }
        if waits:
            state["pending"] = True
        made = self._change(story, person, pk, "created", None, state, None, below, at)
        hidden = at if waits else None
        top: int | None = made
        then = at
        if fate in CASES:
            case, moderator = self._case(story, person, fate, at, annotation=pk)
            if moderator:
                hidden = self._decide(story, person, case, moderator, fate, state, at, pk)
        elif fate:
            then = at + datetime.timedelta(seconds=2)
            top, state = self._go_on(story, person, pk, fate, state, made, below, then)
        text = story.text
        self.tags.add(
            *(pk, story.pk, person, label, story.round, start, end, text[start:end]),
            *(text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT], first, last),
            *(state["note"], state["confidence"], version, at, then),
            *(then if state["withdrawn"] else None, hidden, waits),
        )
        if at > self.now - WEEK:
            kind = Event.Kind.HIDDEN if waits else Event.Kind.TAGS
            self._event(story, person, kind, first, last, at)
        return top

    def _go_on(
        self,
        story: Story,
        person: int,
        tag: int,
        fate: str,
        state: State,
        made: int,
        below: int | None,
        at: datetime.datetime,
    ) -> tuple[int | None, State]:
        """Let a reviewer change a tag just made; return the top of undo and the state."""
        change = partial(self._change, story, person, tag)
        gone = {**state, "withdrawn": True}
        if fate == "withdrawn":
            return change("withdrawn", state, gone, None, made, at), gone
        if fate == "edited":
            edited = {**state, "note": words.phrase(self.dice, self.dice.randint(3, 12))}
            return change("edited", state, edited, None, made, at), edited
        change("undone", state, gone, made, None, at)
        if fate == "undone":
            return below, gone
        change("redone", gone, state, made, None, at)
        return made, state

    def _passage(self, story: Story, position: int) -> Passage:
        """Half are sentences, others words of one, some go on into the next sentence."""
        dice = self.dice
        start, end = story.spans[position]
        kind = dice.random()
        if kind < 0.5 or end - start < 40:
            return start, end, position, position
        start = story.text.index(" ", start + dice.randrange((end - start) // 2)) + 1
        if kind > 0.9 and 0 < position < len(story.spans) - 1:
            return start, story.spans[position + 1][1], position, position + 1
        stop = story.text.find(" ", start + 3 + dice.randrange((end - start) // 2), end)
        return start, end if stop < 0 else stop, position, position

    def _change(
        self,
        story: Story,
        person: int,
        tag: int,
        kind: str,
        before: State | None,
        after: State,
        target: int | None,
        below: int | None,
        at: datetime.datetime,
    ) -> int:
        pk: int = next(self.next["changes"])
        was = None if before is None else dumps(before)
        self.changes.add(
            *(pk, story.pk, person, kind, tag, None, story.round, was, dumps(after)),
            *(target, below, at),
        )
        return pk

    def _read(
        self,
        story: Story,
        person: int,
        position: int,
        at: datetime.datetime,
        below: int | None,
    ) -> int:
        reading, change = next(self.next["readings"]), next(self.next["changes"])
        sentence = story.first_sentence + position
        self.readings.add(reading, sentence, person, story.round, at)
        self.changes.add(
            *(change, story.pk, person, "read", None, reading, story.round, None),
            *('{"withdrawn": false}', None, below, at),
        )
        if at > self.now - WEEK:
            self._event(story, person, Event.Kind.TAGS, position, position, at)
        return change

    def _event(
        self,
        story: Story,
        person: int,
        kind: str,
        first: int,
        last: int,
        at: datetime.datetime,
    ) -> None:
        number = int(at.timestamp() * 1_000_000)
        self.events.add(story.pk, number, person, kind, first, last, at)

    # --- Moderation ----------------------------------------------------------------------

    def _case(
        self,
        story: Story,
        person: int,
        fate: str,
        at: datetime.datetime,
        annotation: int | None = None,
        comment: int | None = None,
    ) -> tuple[int, int | None]:
        """Make a case of a tag or a comment: flagged, unless it waits to be seen.

        Return its number, and who decided it.
        """
        dice = self.dice
        number: int = next(self.next["cases"])
        decided = fate in ("kept", "hidden")
        # What is open is of the last weeks, however old its story.
        if not decided and fate != "waiting":
            at = self.now - 3 * WEEK * dice.random()
        reasons: list[str] = []
        because: list[tuple[int, str]] = []
        if fate != "waiting":
            reason = dice.choice(list(Reason))
            reasons, because = [reason.value], [(WEIGHTS[reason], str(reason.label))]
            by = dice.choice(
                [*(one for one in story.reviewers if one != person), *self.moderators]
            )
            self.flags.add(next(self.scattered), number, by, reason.value, at)
        moderator = dice.choice(self.moderators) if decided else None
        self.cases.add(
            *(number, "comment" if comment else "tag", "decided" if decided else "open"),
            *(person, story.pk, annotation, comment, at, len(reasons), reasons),
            *(reasons if decided else [], sum(points for points, _ in because), dumps(because)),
            *(moderator, at + self._waited(at) if decided else None),
        )
        return number, moderator

    def _waited(self, at: datetime.datetime) -> datetime.timedelta:
        """Return how long a case from then waited: the same for each asking."""
        wanted = datetime.timedelta(seconds=at.microsecond / 5)  # up to 56 hours
        return min(wanted, self.now - at)

    def _decide(
        self,
        story: Story,
        person: int,
        case: int,
        moderator: int,
        fate: str,
        state: State,
        at: datetime.datetime,
        tag: int,
    ) -> datetime.datetime | None:
        """Keep or hide a tag; return since when it is hidden."""
        reason = self.flags.rows[-1][3]
        waited = self._waited(at)
        then, hides = at + waited, fate == "hidden"
        kind = Decision.Kind.HIDE if hides else Decision.Kind.KEEP
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        if hides:
            names = ("label", "guideline", "start", "end", "hidden")
            part = {name: state[name] for name in names}
            part |= {"pending": False, "corrected": False}
            before, after = {"annotation": part}, {"annotation": {**part, "hidden": True}}
            self._change(
                *(story, moderator, tag, "hidden", state, {**state, "hidden": True}),
                *(None, None, then),
            )
        note = NOTES[Reason(reason)]
        self.decisions.add(
            *(case, person, kind, reason, note, moderator, "moderator", then, dumps(before)),
            *(dumps(after), uuid.UUID(int=self.dice.getrandbits(128)), waited),
            then + datetime.timedelta(days=1) if hides else None,
        )
        said = dumps({"decision": kind, "reason": reason, **after})
        self.audit.add(
            *(then, moderator, "decided", person, story.pk, tag, case, dumps(before)),
            *(said, note),
        )
        return then if hides else None

    # --- Discussion ----------------------------------------------------------------------

    def _discuss(self, story: Story) -> None:
        dice = self.dice
        start, end, first, last = self._passage(story, dice.randrange(1, len(story.spans)))
        thread = next(self.scattered)
        at = story.at + dice.random() * min(WEEK, self.now - story.at) / 2
        begun = at
        by = dice.choice(story.reviewers)
        self.steps.add(thread, None, "begun", by, at, "")
        writers = [by, *dice.choices(story.reviewers, k=dice.randrange(5))]
        for author in writers:
            at += datetime.timedelta(minutes=10 * dice.random())
            comment = next(self.scattered)
            text = f"{words.phrase(dice, dice.randint(5, 40))}."
            self.comments.add(comment, thread, author, text, at)
            self.steps.add(thread, comment, "commented", author, at, "")
            if dice.random() < FLAGGED:
                self._case(story, author, "open", at, comment=comment)
        outcome, ended, ender = "", None, None
        if dice.random() < RESOLVED:
            outcome = dice.choice(("both", "no_change", "relabel"))
            ended, ender = at, dice.choice(writers)
            self.steps.add(thread, None, "resolved", ender, ended, outcome)
        text = story.text
        self.threads.add(
            *(thread, story.pk, story.round, start, end, text[start:end]),
            *(text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT], first, last),
            *(by, begun, outcome, ended, ender),
        )
