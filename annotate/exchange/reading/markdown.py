"""Markdown files: headings, paragraphs, list items, quotations and code as paragraphs."""

import re
from collections.abc import Iterator

from annotate.articles.text import check_characters
from annotate.exchange.reading.plain_text import decode
from annotate.exchange.story import (
    Story,
    date_of,
    metadata,
    without_headline,
)

_FRONT_MATTER = re.compile(
    r"\A\ufeff?---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M
)
_KEY = re.compile(r"[A-Za-z][\w -]*")
_SPACE = " \t"


def read(data: bytes) -> Story:
    """Return the story in a Markdown file. Raises StoryRefused, TextRefused."""
    # Imported here, as in every reader: the web server starts without waiting for it.
    from markdown_it import MarkdownIt

    text, notes = decode(data)
    check_characters(text)  # before the parser puts U+FFFD for NUL
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    known, text = _front_matter(text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    heading = ""
    paragraphs = []
    for level, paragraph in _blocks(tokens):
        if level == "h1" and not heading:
            heading = metadata(paragraph)
        if paragraph.strip():
            paragraphs.append(paragraph)
    title = known("title", "headline") or heading
    return Story(
        title=title,
        outlet=known("outlet", "publisher", "publication", "site_name"),
        byline=known("byline", "author", "authors"),
        url=known("url", "source", "canonical", "link"),
        published=date_of(known("date", "published")),
        language=known("lang", "language"),
        body="\n\n".join(without_headline(title, paragraphs)),
        notes=notes,
    )


def _front_matter(text: str):
    """Return a look-up in the lines `key: value` between `---` lines, and the text after.

    Only flat keys and lists of plain values: what stories carry. Anything else between two
    `---` lines is a part of the story.
    """
    values: dict[str, list[str]] = {}
    found = _FRONT_MATTER.match(text)
    key = ""
    for line in found[1].split("\n") if found else []:
        name, value = _pair(line)
        item = line.lstrip(_SPACE)
        if name:
            key = name.lower()
            values.setdefault(key, []).append(_plain(value))
        elif key and item[:2] in ("- ", "-\t"):
            values[key].append(_plain(item[1:].strip(_SPACE)))
        elif line.strip() and not line.startswith(("#", " ", "\t")):
            return _look_up({}), text
    return _look_up(values), text[found.end() :] if found else text


def _pair(line: str) -> tuple[str, str]:
    """Return key and value of a line `key: value`; an empty key if it is none."""
    key, colon, value = line.partition(":")
    key = key.rstrip(_SPACE)
    if colon and _KEY.fullmatch(key) and value[:1] in ("", *_SPACE):
        return key, value.strip(_SPACE)
    return "", ""


def _look_up(values: dict[str, list[str]]):
    def known(*keys: str) -> str:
        for key in keys:
            if value := metadata(", ".join(filter(None, values.get(key, [])))):
                return value
        return ""

    return known


def _plain(value: str) -> str:
    """Return a front matter value without its quotation marks or the brackets of a list."""
    if value[:1] == "[" and value[-1:] == "]":
        return ", ".join(_plain(part.strip()) for part in value[1:-1].split(","))
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def _blocks(tokens) -> Iterator[tuple[str, str]]:
    """Yield each block that holds text, with the HTML tag of what it is in."""
    tag = ""
    for token in tokens:
        if token.type == "inline":
            yield tag, "".join(_inline(token.children or []))
        elif token.type in ("fence", "code_block", "html_block"):
            yield token.type, token.content.strip("\n")
        tag = token.tag


def _inline(tokens) -> Iterator[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "image":
            yield from _inline(token.children or [])
        else:  # text, code, HTML: as written. What opens and closes has no content.
            yield token.content
