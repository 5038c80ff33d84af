import contextlib
import datetime

import pytest

from annotate.exchange.reading import Story, StoryRefused, read_here


def read(text: str) -> Story:
    return read_here("story.md", text.encode())


def test_blocks_become_paragraphs():
    found = read(
        "# Head *line*\n\nPara **one**\nline two  \nline `three`\\\nfour\n\n## Sub\n\n"
        "- item one\n- item two\n\n  of two\n\n1. first\n\n> quoted\n>\n> again\n\n"
        "| a | b |\n|---|---|\n| c | d |\n\n***\n\n```py\ncode\n  more\n```\n\nLast ~~one~~"
    )
    assert found == Story(
        title="Head line",
        body="Para one\nline two\nline three\nfour\n\nSub\n\nitem one\n\nitem two\n\nof two\n\n"
        "first\n\nquoted\n\nagain\n\na\n\nb\n\nc\n\nd\n\ncode\n  more\n\nLast one",
    )


def test_links_images_and_escapes_leave_their_text():
    found = read(
        "[text](http://x) ![alt *of it*](y) <http://z> &amp; \\* [ref]\n\n[ref]: http://r"
    )
    assert found.body == "text alt of it http://z & * ref"


def test_html_stays_as_written():
    text = "A <b>word</b> <script>alert(1)</script>\n\n<div>\n*raw* {{ x }}\n</div>"
    assert read(text).body == text


def test_front_matter():
    found = read(
        "---\r\ntitle: \"A: quoted\"\r\nauthors:\r\n  - Ana\r\n  - 'Ben'\r\n# comment\r\n"
        "tags: [x, y]\r\npublisher: Paper\r\nsource: https://example.org/1\r\n"
        "date: 2017-11-14 10:00\r\nlanguage: en-GB\r\nempty:\r\n---\r\n# A: quoted\r\n\r\nText"
    )
    assert found == Story(
        title="A: quoted",
        outlet="Paper",
        byline="Ana, Ben",
        url="https://example.org/1",
        published=datetime.date(2017, 11, 14),
        language="en",
        body="Text",
    )


@pytest.mark.parametrize("text", ["---\n\nNot front matter\n\n---\n\nText", "---\nNo end: x"])
def test_lines_that_are_no_front_matter_stay(text):
    assert read(text).body.splitlines()[-1] in text
    assert "front matter" in read(text).body or "No end: x" in read(text).body


def test_heading_further_down_names_the_story_and_stays():
    found = read("Kicker\n\n# Head\n\nText")
    assert (found.title, found.body) == ("Head", "Kicker\n\nHead\n\nText")


def test_without_heading_there_is_no_title():
    assert read("Text\n\nmore").title == ""


def test_nul_is_refused_and_not_replaced():
    with pytest.raises(StoryRefused, match=r"NULL \(U\+0000\)"):
        read("a\x00b")


@pytest.mark.parametrize(
    "text",
    [
        "> " * 20_000 + "a",
        "[" * 50_000 + "a",
        "*a " * 50_000,
        "`" * 50_000 + "a",
        "<" * 50_000,
        "- " * 20_000 + "a",
        "---\n" + "a:" + " " * 50_000 + "\n" * 3 + "-" + " " * 50_000 + "x\n---\nb",
    ],
    ids=["quotes", "brackets", "stars", "backticks", "angles", "lists", "front matter"],
)
def test_hostile_text_is_read_or_refused_in_words(text):
    with contextlib.suppress(StoryRefused):
        read(text)
