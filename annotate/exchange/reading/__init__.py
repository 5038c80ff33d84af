"""Readers: what a person pastes or uploads becomes a story.

One module for each file format, each with `read(data: bytes) -> Story`. What they return is
made canonical and held to the limits here, in one place.
"""

from collections.abc import Callable
from pathlib import PurePath

from annotate.articles.text import TextRefused, canonical_body
from annotate.exchange.reading import docx, html, markdown, pdf, plain_text
from annotate.exchange.reading.apart import read_apart
from annotate.exchange.story import Story, StoryRefused, canonical

__all__ = ["ENDINGS", "Story", "StoryRefused", "read_here", "read_pasted", "read_story"]

MAX_FILE_BYTES = 10_000_000
MAX_TEXT_BYTES = 2_000_000
MAX_SECONDS = 45  # a proxy waits for an answer for a minute

_READERS: dict[str, Callable[[bytes], Story]] = {
    ".txt": plain_text.read,
    ".md": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".docx": docx.read,
    ".pdf": pdf.read,
}
ENDINGS = tuple(_READERS)


def read_story(
    name: str,
    data: bytes,
    *,
    max_file_bytes: int = MAX_FILE_BYTES,
    max_text_bytes: int = MAX_TEXT_BYTES,
    max_seconds: int = MAX_SECONDS,
) -> Story:
    """Return the story in a file called `name` that holds `data`.

    `max_text_bytes` counts headline and body in UTF-8. Everything but plain text is read in
    a process of its own, for at most `max_seconds`. Raises StoryRefused.
    """
    ending = _ending(name)
    if len(data) > max_file_bytes:
        raise StoryRefused(
            f"The file has {len(data):,} bytes; {max_file_bytes:,} is the most. "
            "Put in the text alone, or as several stories."
        )
    if ending == ".txt":
        return read_here(name, data, max_text_bytes=max_text_bytes)
    return read_apart(name, data, max_text_bytes=max_text_bytes, max_seconds=max_seconds)


def read_here(name: str, data: bytes, *, max_text_bytes: int = MAX_TEXT_BYTES) -> Story:
    """Do the same in this process: a hostile file can hold it up. Raises StoryRefused."""
    read = _READERS[_ending(name)]
    if not data:
        raise StoryRefused("The file is empty. Choose a file with text.")
    try:
        return canonical(read(data), max_text_bytes=max_text_bytes)
    except StoryRefused:
        raise
    except TextRefused as error:
        raise StoryRefused(str(error)) from error


def read_pasted(text: str, *, max_text_bytes: int = MAX_TEXT_BYTES) -> Story:
    """Return the story in a pasted text: by the rule of a `.txt` file. Raises StoryRefused."""
    # Cheap enough to ask first, and it keeps a huge text from being normalised.
    if len(text) > max_text_bytes:
        raise StoryRefused(
            f"The text has {len(text):,} characters; {max_text_bytes:,} bytes is the most. "
            "Put it in as several stories."
        )
    try:
        return canonical(
            plain_text.story_of(canonical_body(text)), max_text_bytes=max_text_bytes
        )
    except StoryRefused:
        raise
    except TextRefused as error:
        raise StoryRefused(str(error)) from error


def _ending(name: str) -> str:
    ending = PurePath(name).suffix.lower()
    if ending not in _READERS:
        taken = ", ".join(ENDINGS[:-1]) + " and " + ENDINGS[-1]
        raise StoryRefused(
            f"Files ending in {taken} can be read"
            + (f", not {ending}" if ending.isprintable() and ending else "")
            + ". Save it as one of these, or paste the text."
        )
    return ending
