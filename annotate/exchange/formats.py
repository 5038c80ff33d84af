"""The formats that an article can be exported in: one module each, one entry here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from annotate.accounts.models import User
from annotate.articles.models import Article

from . import jsonl, spreadsheet

BLOCK_BYTES = 64 * 1024  # a server hands each block on for itself


@dataclass(frozen=True)
class Format:
    """`write` reads all there is for an article and a person, and returns the text in parts.

    A person of None sees everything.
    """

    name: str
    media_type: str
    ending: str
    write: Callable[[Article, User | None], Iterator[str]]

    def encode(self, article: Article, user: User | None) -> Iterator[bytes]:
        """Return the bytes of an export in blocks, the same for a page as for a command.

        Called in a `records.snapshot`, in which the article was read too, all of it is of one
        moment: nothing more is read while the blocks are taken.
        """
        return _blocks(self.write(article, user))

    def file_name(self, article: Article) -> str:
        """Return a name of letters, digits and hyphens, from the title where it has any."""
        stem = _hyphened(article.title)[:80].strip("-_")
        return f"{stem or f'article-{article.pk}'}.{self.ending}"


def _hyphened(title: str) -> str:
    """As Django's `slugify`, which drops the vowel signs of Hindi and of other languages."""
    kept, in_word = [], False
    for one in unicodedata.normalize("NFKC", title).lower():
        in_word = one.isalnum() or (in_word and unicodedata.category(one) in ("Mn", "Mc"))
        if in_word or one in "_-" or one.isspace():
            kept.append(one)
    return re.sub(r"[-\s]+", "-", "".join(kept)).strip("-_")


def _blocks(parts: Iterator[str]) -> Iterator[bytes]:
    block = bytearray()
    for part in parts:
        block += part.encode()
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


FORMATS = {
    one.name: one
    for one in (
        Format("csv", "text/csv; charset=utf-8", "csv", spreadsheet.write),
        Format("jsonl", "application/jsonl; charset=utf-8", "jsonl", jsonl.write),
    )
}


class UnknownFormat(LookupError):
    """There is no such format; the message names those there are."""

    def __init__(self, name: str) -> None:
        known = " and ".join(sorted(FORMATS))
        super().__init__(f"There is no format “{name}”. There are {known}.")


def find(name: str) -> Format:
    """Raises UnknownFormat."""
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownFormat(name) from None
