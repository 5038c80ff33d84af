"""`manage.py import_article FILE…`: put stories in, all or none."""

from __future__ import annotations

import datetime
import json
import os
import sys
from pathlib import PurePath
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction
from django.db.models import Count, Max

from annotate.articles import reading
from annotate.articles.actions import StoryRefused, TextStands, create_article
from annotate.articles.models import Article
from annotate.articles.text import TextRefused, canonical_title

STANDARD_INPUT = "-"
UNTITLED = "Untitled story"


class Command(BaseCommand):
    help = (
        "Put stories in: .txt, .md, .html, .docx and .pdf files. Prints for each one line of "
        "JSON. If anything is wrong with any of them, nothing is stored."
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(*args, **kwargs)
        parser.error = _refuse  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="- reads standard input")
        parser.add_argument("--title", help="the headline; else the file's own, else its name")
        parser.add_argument("--outlet")
        parser.add_argument("--byline")
        parser.add_argument("--url")
        parser.add_argument("--published", metavar="YYYY-MM-DD")
        parser.add_argument("--language", help="a language tag, such as en or pt-BR")
        parser.add_argument("--status", default=Article.Status.OPEN.value, help="or draft …")

    def handle(self, *, files: list[str], **options: Any) -> None:
        stored: dict[int, str] = {}
        lines = []
        name = files[0]
        try:
            with transaction.atomic():
                for name in files:
                    article = _import(name, options, stored)
                    stored[article.pk] = name
                    lines.append(_line(article))
        except DatabaseError as error:
            raise CommandError(
                _one_line(f"{name}: the database did not take it: {error}")
            ) from error
        for line in lines:
            self.stdout.write(line)


def _refuse(message: str) -> NoReturn:
    """Say in a line what is wrong in the call; argparse would print its usage."""
    raise CommandError(_one_line(f"{message}. “manage.py import_article --help” has them all."))


def _import(name: str, options: dict[str, Any], stored: dict[int, str]) -> Article:
    """Store one file as an article. Raises CommandError, one line."""
    try:
        return create_article(**_story(name, options), submitted_by=None)
    except TextStands as error:
        cause = str(error)
        if error.article.pk in stored:
            cause = f"the same text as {_shown(stored[error.article.pk])}."
    except OSError as error:
        cause = error.strerror or str(error)
    except (TextRefused, StoryRefused) as error:
        cause = str(error)
    except ValidationError as error:
        cause = _by_field(error)
    raise CommandError(_one_line(f"{_shown(name)}: {cause}"))


def _story(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the story in a file; what the options say goes first."""
    given = {
        field: options[field]
        for field in ("outlet", "byline", "url", "language", "status")
        if options[field] is not None
    }
    if options["published"] is not None:
        given["published"] = _date(options["published"])
    if given["status"] not in Article.Status.values:
        known = ", ".join(Article.Status.values)
        raise ValidationError({"status": f"“{given['status']}” is none of {known}."})
    title = options["title"]
    story = reading.read_file(
        "-.txt" if name == STANDARD_INPUT else name,
        _data(name),
        title=canonical_title(title) if title else None,
    )
    found = {
        "outlet": story.outlet,
        "byline": story.byline,
        "url": story.url,
        "published": story.published,
        "language": story.language or "en",
    }
    return {"title": story.title or _title_of(name), "body": story.body, **found, **given}


def _data(name: str) -> bytes:
    """Return what a file holds. Raises OSError, StoryRefused if it is too large."""
    limit = settings.STORY_FILE_MAX_BYTES + 1
    if name == STANDARD_INPUT:
        data = sys.stdin.buffer.read(limit)
    else:
        with open(name, "rb") as file:
            data = file.read(limit)
    if len(data) == limit:
        raise reading.file_too_large()
    return data


def _title_of(name: str) -> str:
    """Return the name of a file without its ending, as a headline."""
    if name == STANDARD_INPUT:
        return UNTITLED
    stem = os.fsencode(PurePath(name).stem).decode(errors="replace")
    try:
        return canonical_title(stem) or UNTITLED
    except TextRefused:
        return UNTITLED


def _date(value: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError as error:
        raise ValidationError(
            {"published": f"“{value}” is no date. Write it as year-month-day: 2017-11-14."}
        ) from error


def _line(article: Article) -> str:
    """Return what is printed of an article: its number, and how much its body has."""
    body = article.sentences.exclude(position=0)
    counts = body.aggregate(sentences=Count("pk"), paragraphs=Max("paragraph"))
    return json.dumps({"article": article.pk, **counts})


def _by_field(error: ValidationError) -> str:
    """Return one sentence for each field: the last, since our own come after Django's."""
    return " ".join(
        f"{field}: {messages[-1]}" for field, messages in error.message_dict.items()
    )


def _shown(name: str) -> str:
    return "standard input" if name == STANDARD_INPUT else name


def _one_line(message: str) -> str:
    """Return a message without line ends, and without bytes that no encoding has."""
    return " ".join(message.split()).encode(errors="backslashreplace").decode()
