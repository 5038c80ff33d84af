import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.articles.text import (
    TextRefused,
    canonical_body,
    canonical_title,
    compose_text,
    paragraphs,
)

AWKWARD = [
    *["\n", "\r", "\r\n", "\n\n", " ", "\t", "\u00a0", "\u2028", "\u2029", "\u3000", "\u2000"],
    *["\ufeff", "\u200b", "\u200d", "\u200e", "\u202b", "\u2066", "\u00ad", "\ufe0f"],
    *["e", "\u0301", "\u0316", "\u0344", "\u0f73", "\u1100", "\u1161", "\u212b", "\u037e"],
    *["👩🏽‍🚀", "🇺🇦", "שלום", "مرحبا", "न्द", "𝒜", "\U000e0067"],
]
# Most texts hold nothing refused; the last part reaches every code point.
TEXTS = st.one_of(
    st.lists(st.sampled_from(AWKWARD), max_size=30).map("".join),
    st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=60),
)
ANYTHING = st.text(alphabet=st.characters(exclude_categories=[]), max_size=60)


@given(TEXTS)
@example("\ufeff\ufeffx")
@example("\n\ufeff\n x")
@example(" \n")
@example("x\n\u2028")
def test_body_is_canonical_and_stays_so(raw):
    body = canonical_body(raw)
    assert canonical_body(body) == body
    assert unicodedata.is_normalized("NFC", body)
    assert "\r" not in body
    assert not re.search(r"\n\s*\n\s*\n", body)
    assert not body.startswith(("\n", "\ufeff"))
    assert not body.endswith("\n")
    assert all(part.strip() for part in body.split("\n\n") if body)


@given(TEXTS)
def test_body_keeps_every_character_that_is_not_white_space(raw):
    def rest(text):
        return "".join(unicodedata.normalize("NFC", text).split())

    assert rest(canonical_body(raw)).lstrip("\ufeff") == rest(raw).lstrip("\ufeff")


@given(st.lists(st.sampled_from([part for part in AWKWARD if not part.isspace()])))
def test_body_of_one_line_is_only_normalised(parts):
    raw = "x" + " \t\u200b".join(parts)
    assert canonical_body(raw) == unicodedata.normalize("NFC", raw)


@given(ANYTHING)
def test_any_text_is_taken_or_refused_in_a_sentence(raw):
    for canonical in (canonical_body, canonical_title):
        message = ""
        try:
            canonical(raw)
        except TextRefused as refusal:
            message = str(refusal)
        assert re.fullmatch(r"(Line \d+: .+\.)?", message)


@given(TEXTS)
@example("\ufeff \ufeffx")
def test_title_is_one_line_and_stays_so(raw):
    title = canonical_title(raw)
    assert canonical_title(title) == title
    assert title == " ".join(title.split())
    assert unicodedata.is_normalized("NFC", title)


@given(TEXTS, TEXTS)
@example("Title", "\u0301 a combining mark first")
def test_composed_text_is_canonical_and_its_body_starts_after_the_title(raw_title, raw_body):
    title, body = canonical_title("x" + raw_title), canonical_body("\u0301" + raw_body)
    text = compose_text(title, body)
    assert text == canonical_body(text)
    assert text[len(title) + 2 :] == body
    assert text[slice(*paragraphs(text)[0])] == title


@given(TEXTS)
def test_paragraphs_tile_the_text(raw):
    text = canonical_body(raw)
    spans = paragraphs(text)
    assert "\n\n".join(text[start:end] for start, end in spans) == text
    assert all(text[start:end] == text[start:end].strip("\n") for start, end in spans)
    assert all(start < end for start, end in spans)


def test_body_keeps_spaces_tabs_and_wrapped_lines():
    assert canonical_body("a  b\t c \nd\u200b") == "a  b\t c \nd\u200b"


def test_body_has_one_blank_line_between_paragraphs():
    assert canonical_body("\ufeff\r\n a\r\r\n \t\r\n\u00a0\nb\n\n") == " a\n\nb"


def test_text_without_paragraphs():
    assert canonical_body(" \n\t") == ""
    assert paragraphs("") == []


def test_title_is_put_on_one_line():
    assert canonical_title("\ufeff Two\r\n lines\u00a0 here ") == "Two lines here"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            "one\r\ntwo and\x00three",
            "Line 2: the text holds the control character NULL (U+0000) after “two and”. "
            "Take it out, then try again.",
        ),
        (
            "\x0b",
            "Line 1: the text holds the control character LINE TABULATION (U+000B). "
            "Take it out, then try again.",
        ),
        (
            "a\n\nb\x85",
            "Line 3: the text holds the control character NEXT LINE (U+0085) after “b”. "
            "Take it out, then try again.",
        ),
        (
            "a\x0cb",
            "Line 1: the text holds the control character FORM FEED (U+000C) after “a”. "
            "Take it out, then try again.",
        ),
        (
            "a\ud83d b",
            "Line 1: the text holds half of a surrogate pair (U+D83D) after “a”. "
            "Take it out, then try again.",
        ),
        (
            "a\nb" + "\u0301\u0316" * 51,
            "Line 2: the text holds more than 100 combining marks in a row. "
            "Take them out, then try again.",
        ),
    ],
)
def test_refusal_names_the_character_and_its_place(raw, message):
    for canonical in (canonical_body, canonical_title):
        with pytest.raises(TextRefused) as refusal:
            canonical(raw)
        assert str(refusal.value) == message


def test_every_control_character_is_refused():
    for code in range(0x3000):
        character = chr(code)
        if unicodedata.category(character) == "Cc" and character not in "\t\n\r":
            with pytest.raises(TextRefused, match=rf"U\+{code:04X}"):
                canonical_body(f"a{character}b")
        else:
            canonical_body(f"a{character}b")


def test_text_without_headline_or_body_is_not_composed():
    with pytest.raises(TextRefused, match=r"^The story has no headline"):
        compose_text("", "Body.")
    with pytest.raises(TextRefused, match=r"^The story has no text under its headline"):
        compose_text("Title", "")
