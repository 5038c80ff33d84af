"""`load_seeds`: put the stories and sample tags of `seeds/` into an empty database.

`seeds/README.md` describes the files.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from annotate import embedded
from annotate.accounts.actions import create_user
from annotate.accounts.models import User
from annotate.accounts.roles import Role
from annotate.annotations.actions import ActionRefused, annotate, set_reading
from annotate.annotations.models import Annotation, Label
from annotate.articles.actions import StoryRefused, create_article, set_status
from annotate.articles.models import Article
from annotate.articles.text import TextRefused
from annotate.discussion.actions import begin_thread, comment
from annotate.discussion.models import Comment
from annotate.moderation.cases import flag
from annotate.moderation.people import premoderate_article
from annotate.reviews.actions import open_round, submit

PEOPLE = {"ana": Role.REVIEWER, "ben": Role.REVIEWER, "mo": Role.MODERATOR, "ada": Role.ADMIN}
# For a person to read and type: no letters that look like digits. 16 of them are 79 bits.
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
# Two first starts at once load the seeds once: the second waits here and finds stories.
LOCK = 0x5EED


class Command(BaseCommand):
    help = "Load the demo stories, sample tags and four people into an empty database."

    def handle(self, *, verbosity: int, **options: object) -> None:
        try:
            with transaction.atomic():
                loaded = load_seeds(settings.BASE_DIR / "seeds")
        except (OSError, ValueError, LookupError) as error:
            raise CommandError(f"Loading the seeds failed: {error}") from error
        except (ActionRefused, ValidationError) as error:
            raise CommandError(f"Loading the seeds failed: {words(error)}") from error
        if verbosity and loaded:
            self.stdout.write(f"Loaded the seeds. The passwords are in {sign_in_file()}.")


def load_seeds(folder: Path) -> bool:
    """Load the seeds if there is no article yet; return whether they were loaded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if Article.objects.exists():
        return False
    people = make_people()
    stories = read(folder / "stories.json")
    articles = {story["file"]: add_story(folder, story) for story in stories}
    add_samples(read(folder / "annotations.json"), articles, people)
    for review in read(folder / "reviews.json"):
        add_review(review, articles[review["file"]], people)
    add_cases(read(folder / "flags.json"), articles, people)
    for story in stories:
        set_status(articles[story["file"]], story["status"])
    return True


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def add_story(folder: Path, story: dict[str, str]) -> Article:
    """Store one story, open at first so that its sample tags can be put on."""
    text = (folder / story["file"]).read_text(encoding="utf-8")
    title, _, body = text.partition("\n\n")
    try:
        return create_article(
            title=title,
            body=body,
            submitted_by=None,
            outlet=story["outlet"],
            byline=story["byline"],
            url=story["url"],
            published=datetime.date.fromisoformat(story["published"]),
            language=story["language"],
        )
    except (StoryRefused, TextRefused) as error:
        raise ValueError(f"{story['file']}: {error}") from error


def add_samples(
    samples: dict[str, Any], articles: dict[str, Article], people: dict[str, User]
) -> None:
    """Tag and read as a reviewer does in the pages, so that the log has it."""
    labels = {label.slug: label for label in Label.objects.all()}
    for tag in samples["annotations"]:
        article = articles[tag["file"]]
        if tag["label"] not in labels:
            raise LookupError(f"there is no label “{tag['label']}”")
        start = find(article, tag["prefix"] + tag["exact"]) + len(tag["prefix"])
        annotate(
            article=article,
            reviewer=people[tag["reviewer"]],
            label=labels[tag["label"]],
            start=start,
            end=start + len(tag["exact"]),
            note=tag["note"],
            confidence=tag["confidence"],
        )
    for reading in samples["readings"]:
        article = articles[reading["file"]]
        start = find(article, reading["exact"])
        end = start + len(reading["exact"])
        for sentence in article.sentences.filter(start__lt=end, end__gt=start):
            set_reading(sentence, by=people[reading["reviewer"]], read=True)


def add_review(review: dict[str, Any], article: Article, people: dict[str, User]) -> None:
    """Review a story to the end of its blind part, and begin to discuss it."""
    reviewers = [people[name] for name in review["reviewers"]]
    open_round(
        article,
        by=people["mo"],
        mode=review["mode"],
        needed=review["needed"],
        reviewers=reviewers,
    )
    for reviewer in reviewers:
        submit(article, by=reviewer)
    for thread in review["threads"]:
        first, *others = thread["comments"]
        start = find(article, thread["exact"])
        end = start + len(thread["exact"])
        begun = begin_thread(
            article, by=people[first["by"]], start=start, end=end, text=first["text"]
        )
        for one in others:
            comment(begun, by=people[one["by"]], text=one["text"])


def add_cases(
    samples: dict[str, Any], articles: dict[str, Article], people: dict[str, User]
) -> None:
    """Give moderators something to decide: a tag that waits, a flagged tag, a comment."""
    for tag in samples["waiting"]:
        article = articles[tag["file"]]
        premoderate_article(article, True, by=people["mo"])
        start = find(article, tag["exact"])
        annotate(
            article=article,
            reviewer=people[tag["reviewer"]],
            label=Label.objects.get(slug=tag["label"]),
            start=start,
            end=start + len(tag["exact"]),
        )
        premoderate_article(article, False, by=people["mo"])
    for one in samples["flags"]:
        article = articles[one["file"]]
        thing: Annotation | Comment
        if "tag" in one:
            thing = article.annotations.get(exact=one["tag"])
        else:
            comments = Comment.objects.filter(thread__article=article)
            thing = comments.get(text__startswith=one["comment"])
        flag(thing, by=people[one["by"]], reason=one["reason"], text=one["text"])


def find(article: Article, passage: str) -> int:
    """Return where the passage, which must occur once, starts in the article's text."""
    if article.text.count(passage) != 1:
        raise ValueError(f"“{passage[:60]}” does not occur exactly once in “{article}”.")
    return article.text.index(passage)


# --- People ------------------------------------------------------------------------------
def make_people() -> dict[str, User]:
    """Return the people of the seeds; those who are missing are made, with a new password."""
    people = {user.username: user for user in User.objects.filter(username__in=PEOPLE)}
    passwords = {name: new_password() for name in PEOPLE if name not in people}
    for name, password in passwords.items():
        people[name] = create_user(username=name, password=password, role=PEOPLE[name])
    # Before the transaction ends: a password that nobody was told would be lost, while one
    # of an account that was not stored after all is written anew on the next run.
    write_sign_in(passwords)
    return {name: User.objects.with_roles().get(username=name) for name in PEOPLE}


def new_password() -> str:
    groups = ("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def sign_in_file() -> Path:
    """Return where the passwords are that were made for this database."""
    name = "sign-in.txt"
    if not embedded.is_used():
        place = connection.settings_dict
        words = [place["HOST"] or "localhost", place["PORT"] or 5432, place["NAME"]]
        digest = hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()
        name = f"sign-in-{digest[:8]}.txt"
    return settings.DATA_DIR / name


def write_sign_in(passwords: dict[str, str]) -> None:
    """Write `name password role` of each person to a file that only its owner may read."""
    path = sign_in_file()
    if not passwords:
        return
    lines = path.read_text().splitlines() if path.exists() else []
    lines = [line for line in lines if line.split()[:1] and line.split()[0] not in passwords]
    lines += [f"{name} {password} {PEOPLE[name]}" for name, password in passwords.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text("\n".join(lines) + "\n")
    draft.replace(path)


def words(error: ActionRefused | ValidationError) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
