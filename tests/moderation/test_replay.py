"""Whatever is done: the logs, replayed, give the present; and a revert is undone by one."""

from __future__ import annotations

import datetime
from contextlib import contextmanager, suppress
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from annotate.accounts import actions as accounts
from annotate.accounts.models import User
from annotate.annotations import actions as tagging
from annotate.annotations.models import Annotation, Label
from annotate.articles.actions import set_status
from annotate.articles.models import Article
from annotate.discussion import actions as discussing
from annotate.discussion.models import Comment, Step, Thread
from annotate.moderation import cases, decisions, people, reverts
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Case, Decision, Reason, Revert
from annotate.moderation.refusals import ActionRefused
from annotate.moderation.replay import compare, differences
from annotate.reviews import actions as rounds
from tests.factories import make_article, make_user, set_hidden

EVER = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
many = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
few = settings(many, max_examples=5)

small = st.integers(0, 5)
who = st.sampled_from(["ana", "ben", "mo"])
moderator = st.sampled_from(["mo", "ada"])
places = st.tuples(st.integers(0, 20), st.integers(1, 9))
labels_ = st.sampled_from(["claim", "evidence"])
work = [
    st.tuples(st.just("tag"), who, labels_, places),
    st.tuples(st.just("edit"), who, small, labels_, places),
    st.tuples(st.just("note"), who, small, st.sampled_from(["", "one", "two"])),
    st.tuples(st.just("withdraw"), who, small),
    st.tuples(st.just("read"), who, st.integers(0, 2)),
    st.tuples(st.sampled_from(["undo", "redo"]), who),
    st.tuples(st.just("thread"), who),
    st.tuples(st.just("say"), who, small),
    st.tuples(st.just("reword"), who, small, st.sampled_from(["So?", "No."])),
    st.tuples(st.just("unsay"), who, small),
    st.tuples(st.just("resolve"), who, small),
    st.tuples(st.just("reopen"), who, small),
]
moderation = [
    st.tuples(st.just("flag"), who, st.sampled_from(["tag", "comment", "ana"]), small),
    st.tuples(
        st.just("decide"), moderator, small, st.sampled_from(Decision.Kind.values), labels_
    ),
    st.tuples(st.just("hide"), moderator, small, st.booleans()),
    st.tuples(st.just("take back"), moderator),
    st.tuples(st.just("appeal"), small),
    st.tuples(st.just("premoderate"), moderator, st.booleans(), small),
    st.tuples(st.just("status"), moderator, st.sampled_from(Article.Status.values)),
    st.tuples(st.just("round"), moderator, st.sampled_from(["open", "blind", "next"])),
    st.tuples(st.just("role"), who, st.sampled_from(["", "reviewer", "moderator"])),
    st.tuples(st.just("active"), who, st.booleans()),
    st.tuples(st.just("revert"), moderator, st.sampled_from(["ana", "ben", "mo", ""]), small),
    st.tuples(st.just("revert back"), moderator, small),
    st.tuples(st.just("erase"), who),
]


CAST = {"ana": "reviewer", "ben": "reviewer", "mo": "moderator", "ada": "admin"}


class Story:
    """A story with its people, and what can be done in it by name."""

    def __init__(self) -> None:
        self.article = make_article("A story", "One sentence here. And another one.")
        self.people = {name: make_user(name, role) for name, role in CAST.items()}
        self.times = [EVER]
        self.do("round", "mo", "open")
        for name in ("ana", "ben", "mo"):
            self.do("tag", name, "claim", (0, 5))
            self.do("thread", name)
        self.do("flag", "mo", "ana", 0)

    def person(self, name: str) -> User:
        return User.objects.with_roles().get(pk=self.people[name].pk)

    def do(self, name: str, *values) -> None:
        """Do a step, if the site lets people do it now."""
        self.times.append(timezone.now())
        if len(values) and values[0] in self.people:
            values = (self.person(values[0]), *values[1:])
        with suppress(ActionRefused, ValidationError, IndexError), transaction.atomic():
            getattr(self, name.replace(" ", "_"))(*values)

    def tag(self, by, slug, place) -> None:
        label = Label.objects.get(slug=slug)
        start, end = place[0], sum(place)
        tagging.annotate(article=self.article, reviewer=by, label=label, start=start, end=end)

    def own(self, by, number) -> Annotation:
        rows = Annotation.objects.filter(reviewer=by).order_by("created_at")
        return rows[number % max(rows.count(), 1)]

    def edit(self, by, number, slug, place) -> None:
        label = Label.objects.get(slug=slug)
        tagging.edit(self.own(by, number), by=by, label=label, start=place[0], end=sum(place))

    def note(self, by, number, text) -> None:
        tagging.edit(self.own(by, number), by=by, note=text, confidence=len(text) or None)

    def withdraw(self, by, number) -> None:
        tagging.withdraw(self.own(by, number), by=by)

    def read(self, by, position) -> None:
        tagging.set_reading(self.article.sentences.get(position=position), by=by)

    def undo(self, by) -> None:
        tagging.undo(self.article, by=by)

    def redo(self, by) -> None:
        tagging.redo(self.article, by=by)

    def begun(self, number) -> Thread:
        return Thread.objects.order_by("created_at")[number % max(Thread.objects.count(), 1)]

    def said(self, by, number) -> Comment:
        rows = Comment.objects.filter(author=by).order_by("created_at")
        return rows[number % max(rows.count(), 1)]

    def thread(self, by) -> None:
        discussing.begin_thread(self.article, by=by, start=0, end=5, text="Why?")

    def say(self, by, number) -> None:
        discussing.comment(self.begun(number), by=by, text="Because.")

    def reword(self, by, number, text) -> None:
        discussing.edit_comment(self.said(by, number), by=by, text=text)

    def unsay(self, by, number) -> None:
        discussing.withdraw_comment(self.said(by, number), by=by)

    def resolve(self, by, number) -> None:
        discussing.resolve(self.begun(number), by=by, outcome=["both", "relabel"][number % 2])

    def reopen(self, by, number) -> None:
        discussing.reopen(self.begun(number), by=by)

    def flag(self, by, kind, number) -> None:
        thing = self.person("ana")
        if kind == "tag":
            thing = self.any(Annotation, number)
        elif kind == "comment":
            thing = self.any(Comment, number)
        cases.flag(thing, by=by, reason=Reason.OTHER)

    def any(self, model, number):
        return model.objects.order_by("created_at")[number % max(model.objects.count(), 1)]

    def decide(self, by, number, kind, slug) -> None:
        rows = Case.objects.order_by("pk")
        case = rows[number % max(rows.count(), 1)]
        verdict = Verdict(
            Decision.Kind(kind),
            Reason.OTHER,
            label=Label.objects.get(slug=slug),
            start=number,
            end=number + 3,
            until=timezone.now() + datetime.timedelta(days=number + 1),
        )
        decisions.decide({case.pk: case.version}, verdict, by=by)

    def hide(self, by, number, hidden) -> None:
        set_hidden(self.any(Annotation, number), by=by, hidden=hidden)

    def take_back(self, by) -> None:
        decisions.take_back(by=by)

    def appeal(self, number) -> None:
        decision = Decision.objects.all()[number]
        cases.appeal(decision, by=decision.person, text="I disagree.")

    def erase(self, by) -> None:
        """Of an account that asks for it, so that nobody is left to do the next steps."""
        case = cases.ask_for_erasure(by=by)
        verdict = Verdict(Decision.Kind.ERASE, Reason.OTHER)
        decisions.decide({case.pk: case.version}, verdict, by=self.person("ada"))

    def premoderate(self, by, on, number) -> None:
        people.premoderate_article(self.article, on, by=by)
        people.premoderate_person(self.person("ben"), number, by=by)

    def status(self, by, status) -> None:
        set_status(self.article, status, by=by)

    def round(self, by, what) -> None:
        latest = self.article.rounds.order_by("number").last()
        if what != "next":
            rounds.open_round(self.article, by=by, mode=what, reviewers=[self.people["ana"]])
        elif latest and latest.is_blind:
            rounds.reveal(latest, by=by)
        elif latest:
            rounds.close(latest, by=by)

    def role(self, user, role) -> None:
        accounts.set_role(user, role, by=self.people["ada"])

    def active(self, user, active) -> None:
        accounts.set_active(user, active, by=self.people["ada"])

    def revert(self, by, name, number) -> None:
        person = self.person(name) if name else None
        article = self.article if number % 2 or not name else None
        since = self.times[-number * 3] if number * 3 <= len(self.times) else EVER
        undo_all(by, person, article, since)

    def revert_back(self, by, number) -> None:
        what = reverts.What.done_by(Revert.objects.filter(back=None)[number])
        reverts.carry_out(what, by=by, why="A test.")


def undo_all(by, person, article=None, since=EVER) -> Revert:
    until = timezone.now() + datetime.timedelta(seconds=1)
    return reverts.carry_out(reverts.What(person, article, since, until), by=by, why="A test.")


@pytest.fixture
def story(labels):
    return Story()


@contextmanager
def told(story, steps):
    """Let an example's steps be done, and taken back at its end: they share one database."""
    times = [*story.times]
    with transaction.atomic():
        for step in steps:
            story.do(*step)
        yield
        transaction.set_rollback(True)
    story.times = times


def state() -> list:
    """All that is compared, what comments say, which their log has only in parts, and when
    threads ended."""
    texts = Comment.objects.order_by("pk").values_list("pk", "text")
    ends = Thread.objects.order_by("pk").values_list("pk", "resolved_at")
    return [*texts, *ends, *((one.kind, one.number, one.present) for one in compare())]


AGAIN = [("resolve", "ana", 0), ("reopen", "ana", 0), ("read", "ana", 0), ("resolve", "ana", 0)]


@many
@given(steps=st.lists(st.one_of(*work, *moderation), min_size=6, max_size=24))
@example(steps=[("read", "ana", 0), ("read", "ana", 0), *AGAIN])
def test_the_logs_replayed_are_the_present_and_a_revert_is_undone_by_one(story, steps):
    with told(story, steps):
        before = state()
        assert [*differences()] == []
        assert all(one.logged is not None for one in compare())
        with suppress(ActionRefused):  # there may be nothing to undo
            ada = story.person("ada")
            revert = undo_all(ada, None, story.article, story.times[-len(steps) // 2])
            assert state() != before
            assert [*differences()] == []
            reverts.carry_out(reverts.What.done_by(revert), by=ada, why="A test.")
        assert state() == before


def test_a_thread_goes_back_to_the_first_of_two_ends_that_are_alike(story, client):
    ana, ada = story.person("ana"), story.person("ada")
    client.force_login(ada)
    story.do("resolve", "ana", 0)
    earlier = timezone.now() - datetime.timedelta(hours=1)  # the page tells seconds
    Thread.objects.exclude(outcome="").update(resolved_at=earlier)
    Step.objects.filter(kind=Step.Kind.RESOLVED).update(at=earlier)
    first = story.begun(0)
    since = timezone.now()
    story.do("reopen", "ana", 0)
    story.do("resolve", "ben", 0)
    second = story.begun(0)
    assert (first.outcome, second.outcome) == ("both", "both")
    revert = undo_all(ada, None, story.article, since)
    assert story.begun(0).resolved_by == ana
    assert [*differences()] == []
    page = client.get(f"/admin/revert/{revert.pk}/").content.decode()
    for end in (first, second):
        assert f"Both are right, {end.resolved_at:%-d %b %Y, %H:%M:%S}" in page
    reverts.carry_out(reverts.What.done_by(revert), by=ada, why="A test.")
    assert story.begun(0).resolved_by == second.resolved_by
    assert [*differences()] == []


def test_an_older_line_of_a_revert_names_the_outcome_only(story):
    ana, ada = story.person("ana"), story.person("ada")
    story.do("resolve", "ana", 0)
    since = timezone.now()
    story.do("reopen", "ana", 0)
    undo_all(ada, None, story.article, since)
    Step.objects.filter(kind=Step.Kind.REVERTED).update(after=None)
    assert story.begun(0).resolved_by == ana
    assert [*differences()] == []


@few
@given(steps=st.lists(st.one_of(*work), min_size=6, max_size=20))
def test_a_revert_of_all_that_somebody_did_leaves_nothing_of_theirs(story, steps):
    ana, ada = story.person("ana"), story.person("ada")
    with told(story, steps):
        others = Annotation.objects.exclude(reviewer=ana)
        said = Comment.objects.exclude(author=ana)
        before = [*others.values()], [*said.values()]
        with suppress(ActionRefused):  # it may be undone already
            undo_all(ada, ana)
        assert not Annotation.objects.live().filter(reviewer=ana).exists()
        assert not ana.comments.filter(withdrawn_at=None, hidden_at=None).exists()
        assert ([*others.values()], [*said.values()]) == before


def test_check_log_says_what_is_as_it_should_be(article, ana, claim):
    tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    out = StringIO()
    call_command("check_log", stdout=out)
    assert out.getvalue() == "As the logs say: 1 × tag, 1 × person, 1 × article.\n"


def test_check_log_says_what_differs(article, ana, claim):
    tag = tagging.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    Annotation.objects.update(note="Written past the log")
    User.objects.filter(pk=ana.pk).update(suspended_until=EVER)
    out = StringIO()
    with pytest.raises(CommandError, match="2 things are not as the logs say"):
        call_command("check_log", stdout=out)
    assert out.getvalue().splitlines()[0] == (
        f"tag {tag.pk}: note is 'Written past the log', the log says ''"
    )


def test_what_the_log_has_no_line_about_is_not_compared(article, ana, claim):
    tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    Annotation.objects.get().changes.all().delete()
    out = StringIO()
    call_command("check_log", stdout=out)
    assert out.getvalue().splitlines()[1] == (
        "Without lines in a log, and not compared: 1 × tag."
    )
