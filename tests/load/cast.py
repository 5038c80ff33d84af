"""Who works at the site and on what: people who are signed in, stories, a queue."""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib import import_module
from itertools import islice

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.annotations import actions
from annotate.annotations.models import Label
from annotate.articles.models import Article
from annotate.moderation import cases
from annotate.operations.generating.words import seed_text
from annotate.reviews.actions import open_round
from tests.bench.stories import make_story, wanted_tags

SIZES = (100, 150, 200, 250, 300)  # sentences of the stories, in turn
FLAGGED = 10  # tags of each story that a moderator is asked to look at, before anybody works
PARAGRAPHS = 12  # of a story that is put in

type Cookies = dict[str, str]


@dataclass
class Cast:
    """Everybody's cookies; of a reviewer with the number of the story that they work on."""

    reviewers: list[tuple[Cookies, int]]
    moderators: list[Cookies]
    editor: Cookies  # puts stories in
    first: int  # how many stories there were before


def make_cast(*, reviewers: int, moderators: int, stories: int) -> Cast:
    """Store people and stories, and sign everybody in.

    Each story has an open round, to which its reviewers are assigned: all see each other's
    tags. Moderators find cases in the queue.
    """
    label = Label.objects.get(slug="claim")
    first = Article.objects.count()
    early, late = make_people(f"early-{first}", 2)
    people = make_people(f"reviewer-{first}", reviewers)
    cast = Cast([], [], signed_in(make_people(f"editor-{first}", 1)[0]), first)
    for number in range(stories):
        article = make_story(SIZES[number % len(SIZES)], number=first + number)
        of_story = people[number::stories]
        open_round(article, by=None, mode="open", reviewers=of_story)
        _fill_queue(article, early, late, label)
        cast.reviewers += [(signed_in(one), article.pk) for one in of_story]
    for one in make_people(f"moderator-{first}", moderators, Role.MODERATOR):
        cast.moderators.append(signed_in(one))
    return cast


def _fill_queue(article: Article, tagger: User, flagger: User, label: Label) -> None:
    for tag in islice(wanted_tags(article), FLAGGED):
        done = actions.annotate(
            article=article, reviewer=tagger, label=label, start=tag.start, end=tag.end
        )
        assert done.annotation is not None
        cases.flag(done.annotation, by=flagger, reason="off_guideline")


def make_people(name: str, number: int, role: Role = Role.REVIEWER) -> list[User]:
    """Store people without a password: to hash one for each would take minutes."""
    group = Group.objects.get(name=role)
    people = User.objects.bulk_create(
        User(
            username=f"{name}-{one}",
            public_name=f"{name}-{one}",
            password=make_password(None),
            is_staff=role != Role.REVIEWER,
        )
        for one in range(1, number + 1)
    )
    membership = User.groups.through
    membership.objects.bulk_create(
        membership(user_id=one.pk, group_id=group.pk) for one in people
    )
    return list(User.objects.with_roles().filter(pk__in=[one.pk for one in people]))


def signed_in(user: User) -> Cookies:
    """Return the cookies of a new session: what a sign-in stores, without its password."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {settings.SESSION_COOKIE_NAME: session.session_key}


class Newsroom:
    """Writes stories of paragraphs of the seeds: no two have the same text."""

    def __init__(self, edition: int) -> None:
        self.dice = random.Random(edition)
        self.edition = edition
        self.paragraphs = seed_text().split("\n\n")
        self.number = 0

    def write(self) -> tuple[str, str]:
        """Return a headline and a body."""
        self.number += 1
        body = "\n\n".join(self.dice.choices(self.paragraphs, k=PARAGRAPHS))
        return f"Story number {self.number} of edition {self.edition}", body
