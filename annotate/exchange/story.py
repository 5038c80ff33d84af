"""What a reader of any file format hands back: a story, not yet an article."""

import datetime
import re
from dataclasses import dataclass, replace

from annotate.articles.text import (
    TextRefused,
    canonical_body,
    canonical_title,
    check_characters,
)

# A longer line is a paragraph, not a headline; a longer name is not a name.
LINE_CHARACTERS = 300
HEADLINE_CHARACTERS = 500  # as many as an article's title can have

_PROGRAMS_NAMES = {
    *["", "admin", "administrator", "author", "microsoft office user", "owner"],
    *["python-docx", "unknown", "user", "windows user"],
}
_PROGRAMS_TITLE = re.compile(
    r"(?i)(microsoft (word|powerpoint) - .*|untitled.*|word document|document\d*"
    r"|.*\.(docx?|html?|indd|odt|pages|pdf|qxd|rtf|txt))"
)


class StoryRefused(TextRefused):
    """A file or text cannot become a story. The message is a sentence for the person."""


@dataclass(frozen=True)
class Story:
    """A story as read: metadata where the file has it, else empty, and the canonical body.

    `language` is a short BCP 47 code such as `en`. `notes` are sentences to show the person
    who put the story in.
    """

    title: str = ""
    outlet: str = ""
    byline: str = ""
    url: str = ""
    published: datetime.date | None = None
    language: str = ""
    body: str = ""
    notes: tuple[str, ...] = ()


def canonical(story: Story, *, max_text_bytes: int) -> Story:
    """Return what a reader read, made canonical and held to the limit.

    `max_text_bytes` counts headline and body in UTF-8. Raises StoryRefused.
    """
    try:
        check_characters(story.body)  # before counting: a lone surrogate has no UTF-8
        title = canonical_title(story.title)
        if (size := len(f"{title}{story.body}".encode())) > max_text_bytes:
            raise StoryRefused(
                f"The story has {size:,} bytes of text; {max_text_bytes:,} is the most. "
                "Put it in as several stories."
            )
        body = canonical_body(story.body)
    except StoryRefused:
        raise
    except TextRefused as error:
        raise StoryRefused(str(error)) from error
    if not any(character.isprintable() and not character.isspace() for character in body):
        if title and not body:
            raise StoryRefused(
                "There is a headline but no text under it. Put the text in, too."
            )
        raise StoryRefused("There is no text in it. Put in a story with text.")
    return replace(
        story,
        title=title,
        outlet=metadata(story.outlet),
        byline=metadata(story.byline),
        url=_web_address(story.url),
        language=short_language(story.language),
        body=body,
    )


def metadata(value: object) -> str:
    """Return `value` on one line, or nothing when it is no text, refused or far too long."""
    try:
        line = canonical_title(value) if isinstance(value, str) else ""
    except TextRefused:
        return ""
    return line if len(line) <= LINE_CHARACTERS else ""


def title_of_file(value: object) -> str:
    """Return a title from a file's properties, unless a program made it up."""
    title = metadata(value)
    return "" if _PROGRAMS_TITLE.fullmatch(title) else title


def author_of_file(value: object) -> str:
    """Return an author from a file's properties, unless a program made it up."""
    author = metadata(value)
    return "" if author.casefold() in _PROGRAMS_NAMES else author


def short_language(value: object) -> str:
    """Return the language part of a language tag: `en` of `en-GB`; nothing when it is none."""
    found = (
        re.match(r"\s*([A-Za-z]{2,3})(?=[-_\s]|\Z)", value) if isinstance(value, str) else None
    )
    return found[1].lower() if found and found[1].lower() != "und" else ""


def date_of(value: object) -> datetime.date | None:
    """Return the day of an ISO 8601 date or date and time, as written there."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        try:
            return datetime.date.fromisoformat(value[:10])
        except ValueError:
            return None
    return None


def split_headline(body: str) -> tuple[str, str]:
    """Return headline and rest of a text whose first line stands alone before a blank line.

    The headline is empty, and the rest everything, where there is no such line, where it is
    all there is, or where it is a whole paragraph by its length. `body` must be canonical.
    """
    first, _, rest = body.partition("\n\n")
    if not rest or "\n" in first or len(first) > HEADLINE_CHARACTERS:
        return "", body
    title = canonical_title(first)
    return (title, rest) if title else ("", body)


def without_headline(title: str, paragraphs: list[str]) -> list[str]:
    """Return `paragraphs` without the first when it only repeats the headline."""
    if paragraphs and title and " ".join(paragraphs[0].split()) == " ".join(title.split()):
        return paragraphs[1:]
    return paragraphs


def _web_address(value: str) -> str:
    """Return `value` when it is a web address: anything else must never become a link."""
    return value.strip() if re.fullmatch(r"\s*https?://[!-~]{1,2000}\s*", value) else ""
