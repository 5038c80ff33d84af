"""Targets: texts, from the form or from a file, on their way to sentences."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

from annotate.articles.languages import canonical_language
from annotate.articles.segmentation import split_sentences
from annotate.articles.sentences import split_body, words
from annotate.articles.text import (
    TextRefused,
    canonical_body,
    canonical_title,
    compose_text,
    paragraphs,
)
from annotate.discussion.text import find_positions, render
from annotate.exchange.reading import read_pasted
from annotate.exchange.spreadsheet import escape, unescape


def decoded(data: bytes) -> str:
    """Return a text of any code points: what is no UTF-8 becomes halves of surrogate pairs."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def sentences(data: bytes) -> None:
    """Sentences are in order, apart, without white space around, and hold all the rest."""
    text = data.decode("utf-8", "replace")
    at = 0
    for start, end in split_sentences(text):
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


def text(data: bytes) -> None:
    """What is taken is canonical, and its sentences tile it whatever is joined and cut."""
    raw = decoded(data)
    try:
        story = read_pasted(raw)
        title = canonical_title(raw[:500])
        body = canonical_body(raw)
        whole = compose_text(title, body)
    except TextRefused as refusal:
        str(refusal).encode()
        return
    for one in (body, story.body):
        assert canonical_body(one) == one
    for one in (title, story.title):
        assert canonical_title(one) == one
    assert whole.isascii() or canonical_body(whole) == whole
    offsets = list(data[:16])
    for spans in (split_body(body), split_body(body, joins=offsets[::2], cuts=offsets[1::2])):
        told = [span for paragraph in spans for span in paragraph]
        assert "".join(body[slice(*span)] for span in told).split() or not body.split()
        at = 0
        for start, end in told:
            assert at <= start < end <= len(body)
            assert not body[at:start].strip()
            at = end
        assert not body[at:].strip()
    assert len(paragraphs(body)) == body.count("\n\n") + 1
    pieces = words(body, most=50)
    assert "".join(body[slice(*span)] for span in pieces) == body


def comment(data: bytes) -> None:
    """A comment becomes HTML in which nothing of it is markup."""
    raw = data.decode("utf-8", "replace")
    find_positions(raw)
    html = render(raw, _Named(), ["ana", "J. (D) <o>"], {1: "/articles/1/#s1"})
    ours = r'<b class="mention">@[^<>]*</b>|<a href="/articles/1/#s1" data-passage>#[\w–-]*</a>'
    assert not re.search("[<>]", re.sub(ours, "", html))


def fields(data: bytes) -> None:
    """A language tag is refused or canonical; a cell of CSV comes back as it was."""
    raw = data.decode("utf-8", "replace")
    assert unescape(str(escape(raw))) == raw
    try:
        tag = canonical_language(raw)
    except ValidationError:
        return
    assert canonical_language(tag) == tag


class _Named:
    """People whose names are known, as `People` tells them."""

    def called(self, user: str) -> str:
        return user

    name = called
