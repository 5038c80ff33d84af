"""What holds for every format, and for the process that files are read in."""

import datetime
import re
import sys
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from annotate.articles.text import canonical_body, canonical_title
from annotate.exchange import story
from annotate.exchange.reading import (
    ENDINGS,
    Story,
    StoryRefused,
    apart,
    read_here,
    read_pasted,
    read_story,
)
from annotate.exchange.reading.apart import read_apart

# Starts that lead a file past the first check of its format.
STARTS = {
    ".txt": [b"", b"\xef\xbb\xbf", b"\xff\xfe"],
    ".md": [b"", b"---\ntitle: ", b"# ", b"> - [a](", b"| a | b |\n|---|---|\n"],
    ".html": [
        b"",
        b"<p>",
        b"<html lang=en><title>",
        b"<meta charset=iso-2022-jp>",
        b"<!DOCTYPE",
    ],
    ".htm": [b"<table><tr><td>"],
    ".docx": [b"", b"PK\x03\x04", b"PK\x05\x06"],
    ".pdf": [b"", b"%PDF-1.4\n", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n"],
}


@pytest.mark.parametrize("ending", ENDINGS)
@given(data=st.data())
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_are_a_story_or_refused(ending, data):
    start = data.draw(st.sampled_from(STARTS[ending]))
    rest = data.draw(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(_encoded)))
    try:
        found = read_here(f"story{ending}", start + rest)
    except StoryRefused as refusal:
        found = None
        message = str(refusal)
        assert re.match(r"[A-Z]", message)
        assert message.endswith(".")
    if found:
        assert canonical_body(found.body) == found.body != ""
        assert canonical_title(found.title) == found.title


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@given(st.text(alphabet=st.characters(exclude_categories=[])))
@example("Headline\r\n\r\n\ud800")
@example("\u200b\n\nText")
def test_any_pasted_text_is_a_story_or_refused(text):
    try:
        found = read_pasted(text)
    except StoryRefused:
        return
    whole = f"{found.title}\n\n{found.body}" if found.title else found.body
    assert canonical_body(text).split() == whole.split()


def test_pasted_text_has_its_lone_first_line_as_headline():
    assert read_pasted("\n Two  words \r\n\r\nBody\r\nof it.\r\n") == Story(
        title="Two words", body="Body\nof it."
    )


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("One line.", "One line."),
        ("One line.\n\n", "One line."),
        ("Two\nlines\n\nBody.", "Two\nlines\n\nBody."),
        ("x" * 501 + "\n\nBody.", "x" * 501 + "\n\nBody."),
    ],
    ids=["one line", "one line and blank ones", "first paragraph of two lines", "long"],
)
def test_pasted_text_without_headline(text, body):
    assert read_pasted(text) == Story(body=body)


@pytest.mark.parametrize("ending", ENDINGS)
def test_empty_file(ending):
    with pytest.raises(StoryRefused) as refusal:
        read_story(f"a{ending}", b"")
    assert str(refusal.value) == "The file is empty. Choose a file with text."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.doc", ", not .doc"),
        ("a", ""),
        ("pdf", ""),
        ("a.pdf.exe", ", not .exe"),
        ("a.\n", ""),
    ],
)
def test_unknown_ending(name, said):
    with pytest.raises(StoryRefused) as refusal:
        read_story(name, b"x")
    assert str(refusal.value) == (
        f"Files ending in .txt, .md, .html, .htm, .docx and .pdf can be read{said}. "
        "Save it as one of these, or paste the text."
    )


def test_ending_in_capitals():
    assert read_story("/tmp/STORY.TXT", b"x").body == "x"


def test_file_over_the_limit():
    with pytest.raises(StoryRefused) as refusal:
        read_story("a.pdf", b"x" * 1001, max_file_bytes=1000)
    assert str(refusal.value) == (
        "The file has 1,001 bytes; 1,000 is the most. "
        "Put in the text alone, or as several stories."
    )


def test_text_over_the_limit_counts_bytes():
    assert read_pasted("é" * 500, max_text_bytes=1000).body == "é" * 500
    for read in (
        lambda: read_pasted("é" * 501, max_text_bytes=1000),
        lambda: read_story("a.txt", ("é" * 501).encode(), max_text_bytes=1000),
        lambda: read_story("a.md", ("é" * 501).encode(), max_text_bytes=1000),
    ):
        with pytest.raises(StoryRefused) as refusal:
            read()
        assert str(refusal.value) == (
            "The story has 1,002 bytes of text; 1,000 is the most. "
            "Put it in as several stories."
        )


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff", "\u200b"])
def test_no_text(text):
    with pytest.raises(StoryRefused, match=r"^There is no text in it\."):
        read_pasted(text)


def test_control_characters_are_refused_by_name_and_line():
    with pytest.raises(StoryRefused) as refusal:
        read_pasted("Headline\r\n\r\nA\x0bb")
    assert str(refusal.value) == (
        "Line 3: the text holds the control character LINE TABULATION (U+000B) after “A”. "
        "Take it out, then try again."
    )


def test_lone_surrogates_are_refused_by_name():
    for found in (Story(title="a\ud800", body="b"), Story(title="a", body="b\ud800")):
        with pytest.raises(StoryRefused, match=r"half of a surrogate pair \(U\+D800\)"):
            story.canonical(found, max_text_bytes=100)


def test_metadata_that_cannot_be_is_left_out():
    found = story.canonical(
        Story(
            outlet="x" * 301,
            byline="a\x00",
            url="javascript:alert(1)",
            language="",
            body="Body",
        ),
        max_text_bytes=100,
    )
    assert found == Story(body="Body")


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("en-GB", "en"),
        ("DE_at", "de"),
        (" fil ", "fil"),
        ("english", ""),
        ("und", ""),
        (None, ""),
    ],
)
def test_short_language(value, language):
    assert story.short_language(value) == language


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2017-11-14", datetime.date(2017, 11, 14)),
        ("2017-11-14T23:59:00-05:00", datetime.date(2017, 11, 14)),
        ("2017-02-30", None),
        ("14/11/2017", None),
        (None, None),
    ],
)
def test_date_of(value, date):
    assert story.date_of(value) == date


def test_titles_that_programs_make_up_are_none():
    for made_up in ("Microsoft Word - foo.doc", "story final.docx", "Untitled 3", "Document1"):
        assert story.title_of_file(made_up) == ""
    assert story.title_of_file(" The documents ") == "The documents"
    assert story.author_of_file("Microsoft Office User") == ""
    assert story.author_of_file("Ana Admin") == "Ana Admin"


def test_story_comes_whole_out_of_its_process():
    text = (
        "---\ntitle: “Quoted” 👩🏽‍🚀\noutlet: Paper\nbyline: Ana\nurl: https://example.org/a\n"
        "date: 2017-11-14\nlang: en-US\n---\nOne שלום\u200f\n\nTwo “q”"
    )
    for data in (
        text.encode(),
        text.split("👩")[0].encode("cp1252") + b"\n---\nBody \x93q\x94",
    ):
        assert read_story("a.md", data) == read_here("a.md", data)
    assert read_story("a.md", text.encode()) == Story(
        title="“Quoted” 👩🏽‍🚀",
        outlet="Paper",
        byline="Ana",
        url="https://example.org/a",
        published=datetime.date(2017, 11, 14),
        language="en",
        body="One שלום\u200f\n\nTwo “q”",
    )


def test_process_has_an_end():
    before = time.monotonic()
    with pytest.raises(StoryRefused) as refusal:
        read_apart("a.md", b"x", max_text_bytes=100, max_seconds=0)
    assert str(refusal.value) == (
        "The file could not be read within 0 seconds. Paste the text instead."
    )
    assert time.monotonic() - before < 5


def test_process_that_dies_is_a_refusal(monkeypatch, tmp_path, caplog):
    dying = tmp_path / "python"
    dying.write_text("#!/bin/sh\ncat >/dev/null\necho pdfium fell over >&2\nkill -SEGV $$\n")
    dying.chmod(0o755)
    monkeypatch.setattr(apart.sys, "executable", str(dying))
    with pytest.raises(StoryRefused) as refusal:
        read_story("a.pdf", b"%PDF")
    assert str(refusal.value) == (
        "The file could not be read: it may be damaged. Paste the text instead."
    )
    assert "The reader of a .pdf file stopped with code -11" in caplog.text
    assert "fell over" not in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
def test_process_has_only_so_much_memory(monkeypatch):
    monkeypatch.setattr(apart, "MEMORY_BYTES", 64 * 1024**2)
    with pytest.raises(StoryRefused, match=r"(memory|damaged).* Paste the text instead\.$"):
        read_story("a.md", b"*a " * 600_000)


def test_process_gets_none_of_the_secrets(monkeypatch, tmp_path):
    telling = tmp_path / "python"
    telling.write_text(
        '#!/bin/sh\ncat >/dev/null\nprintf \'{"refused": "It knows: %s"}\' "$SECRET_KEY"\n'
    )
    telling.chmod(0o755)
    monkeypatch.setattr(apart.sys, "executable", str(telling))
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    with pytest.raises(StoryRefused, match=r"^It knows: $"):
        read_story("a.pdf", b"%PDF")
