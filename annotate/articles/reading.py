"""Read what a person puts in by page or by command, with the limits of the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from django.conf import settings

from annotate.exchange.reading import Story, StoryRefused, plain_text, read_pasted, read_story

from .text import canonical_body, canonical_title, paragraphs

__all__ = ["Story", "StoryRefused", "file_too_large", "read_file", "read_text"]


def read_file(name: str, data: bytes, *, title: str | None = None) -> Story:
    """Return the story in a file called `name`, under `title` if one is given.

    The first line of a plain text is then no headline, and stays in the body unless it is
    the same. Raises TextRefused.
    """
    story = read_story(
        name,
        data,
        max_file_bytes=settings.STORY_FILE_MAX_BYTES,
        max_text_bytes=settings.STORY_MAX_BYTES,
    )
    if title is None or PurePath(name).suffix.lower() != ".txt":
        return replace(story, title=title or story.title)
    return replace(story, title=title, body=_body_under(title, plain_text.decode(data)[0]))


def read_text(text: str, *, title: str | None = None) -> Story:
    """Return the story in a pasted text: by the rule of a `.txt` file. Raises TextRefused."""
    story = read_pasted(text, max_text_bytes=settings.STORY_MAX_BYTES)
    return (
        replace(story, title=title, body=_body_under(title, text))
        if title is not None
        else story
    )


def file_too_large() -> StoryRefused:
    return StoryRefused(
        f"The file is larger than {settings.STORY_FILE_MAX_BYTES:,} bytes, the most that is "
        "read. Put in the text alone, or as several stories."
    )


def _body_under(title: str, text: str) -> str:
    """Return a text as the body under a headline that was given."""
    body = canonical_body(text)
    start, end = paragraphs(body)[0]
    if canonical_title(body[start:end]) == title and len(body) > end:
        return body[end + 2 :]
    return body
