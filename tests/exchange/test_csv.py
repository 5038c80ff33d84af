"""CSV of annotations: safe in a spreadsheet, and every cell gives its exact text back."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.management import call_command
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotate.annotations import actions
from annotate.exchange import formats
from annotate.exchange.spreadsheet import COLUMNS, escape, unescape

# What a spreadsheet could take for a formula, and what it could skip on the way to one.
STARTS = st.sampled_from(["=", "+", "-", "@", "'", "\t", "\r", "\n", " ", "＝", "＠", "\ufeff"])
CELLS = st.builds(str.__add__, st.text(STARTS, max_size=3), st.text(max_size=20))


def rows(article, user=None) -> list[dict[str, str]]:
    data = b"".join(formats.find("csv").encode(article, user)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(data, newline="")))


@pytest.fixture
def noted(article, ana, claim):
    return actions.annotate(
        article=article,
        reviewer=ana,
        label=claim,
        start=0,
        end=31,
        note='=HYPERLINK("http://example.org")\r\nsecond; "line", with\ttab',
        confidence=3,
    ).annotation


@settings(max_examples=500)
@given(text=CELLS)
@example(text=" \n=1")
@example(text="\ufeff \ufeff=1")
def test_a_cell_gives_its_exact_text_back(text):
    cell = escape(text)
    assert unescape(cell) == text
    assert cell[:1] not in ("\t", "\r", "\n")
    # Whatever white space a spreadsheet takes away, no formula is left.
    assert cell.replace("\ufeff", "").lstrip()[:1] not in ("=", "+", "-", "@", "＝", "＠")


@given(table=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=4))
def test_a_table_gives_its_exact_texts_back(table):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([[escape(cell) for cell in row] for row in table])
    again = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert [[unescape(cell) for cell in row] for row in again] == table


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-5 degrees", "'-5 degrees"),
        ("@ana said", "'@ana said"),
        ("'quoted'", "''quoted'"),
        ("＋1", "'＋1"),
        ("  =1", "'  =1"),
        ("\u200b=1", "'\u200b=1"),
        ("\tindented", "'\tindented"),
        ("2 = 1 + 1", "2 = 1 + 1"),
        ("“Quoted”", "“Quoted”"),
        (" plain", " plain"),
        ("", ""),
        (5, 5),
        (None, None),
    ],
)
def test_only_what_could_be_a_formula_gets_an_apostrophe(text, cell):
    assert escape(text) == cell


def test_a_row_has_every_field(noted, article):
    (row,) = rows(article)
    assert tuple(row) == COLUMNS
    assert row | {"created": "", "changed": ""} == {
        "article": "Mayor says taxes may fall",
        "outlet": "",
        "published": "",
        "reviewer": "ana",
        "round": "",
        "label": "claim",
        "sentence": "0",
        "last_sentence": "1",
        "start": "0",
        "end": "31",
        "exact": "Mayor says taxes may fall\n\nThe ",
        "note": "'" + noted.note,
        "confidence": "3",
        "created": "",
        "changed": "",
        "withdrawn": "",
        "hidden": "",
    }
    assert row["created"].endswith("Z")


def test_the_file_is_as_spreadsheets_want_it(noted, article):
    data = b"".join(formats.find("csv").encode(article, None))
    assert data.startswith(b"\xef\xbb\xbfarticle,outlet,")
    assert data.endswith(b",,\r\n")
    assert unescape(rows(article)[0]["note"]) == noted.note


def test_reviewers_see_their_own(noted, article, ben, claim):
    actions.annotate(article=article, reviewer=ben, label=claim, start=27, end=31)
    assert [row["reviewer"] for row in rows(article, ben)] == ["ben"]
    assert [row["reviewer"] for row in rows(article)] == ["ana", "ben"]


def test_the_command_writes_the_same_bytes(noted, article, capsysbinary):
    call_command("export_article", article.pk, "--format", "csv")
    data = b"".join(formats.find("csv").encode(article, None))
    assert capsysbinary.readouterr().out == data
