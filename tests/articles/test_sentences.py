"""Sentences as a person joined and cut them: they still tile their paragraphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.articles.sentences import cut_at, join_at, split_body, words
from annotate.articles.text import canonical_body, paragraphs
from tests.articles.test_text import TEXTS

BODY = "One is here. Two is here. Three is here.\n\nFour is 中文字 here."
TWO, THREE, FOUR = (BODY.index(word) for word in ("Two", "Three", "Four"))

NEWS = st.lists(
    st.sampled_from(
        [
            *["Dr. Doe said so. ", "Why? ", "👩🏽‍🚀 ", "שלום. ", "\n\n", "\n"],
            *["U.S. ", "e\u0301 ", "。", "中文。", "… "],
        ]
    ),
    max_size=30,
).map("".join)


def texts(body, **marks):
    return [[body[start:end] for start, end in spans] for spans in split_body(body, **marks)]


def assert_tiles(body, found):
    """Hold every rule that sentences have, for all paragraphs of a canonical body."""
    bounds = paragraphs(body)
    assert len(found) == len(bounds)
    for (first, last), spans in zip(bounds, found, strict=True):
        assert spans
        at = first
        for start, end in spans:
            assert at <= start < end <= last
            assert body[at:start].strip() == ""
            assert body[start:end] == body[start:end].strip()
            at = end
        assert body[at:last].strip() == ""


@given(st.one_of(TEXTS, NEWS), st.data())
def test_any_text_with_any_joins_and_cuts_is_tiled(raw, data):
    body = canonical_body(raw)
    offsets = st.sets(st.integers(0, len(body) + 2), max_size=12)
    starts = [start for spans in split_body(body) for start, _ in spans]
    joins = data.draw(offsets) | (
        data.draw(st.sets(st.sampled_from(starts))) if starts else set()
    )
    assert_tiles(body, split_body(body, joins=joins, cuts=data.draw(offsets)))


@given(st.one_of(TEXTS, NEWS), st.data())
def test_any_row_of_buttons_keeps_the_tiles(raw, data):
    body = canonical_body(raw)
    joins, cuts = set(), set()
    for _ in range(data.draw(st.integers(0, 6))):
        before = split_body(body, joins=joins, cuts=cuts)
        starts = [start for spans in before for start, _ in spans[1:]]
        if starts and data.draw(st.booleans()):
            joins, cuts = join_at(data.draw(st.sampled_from(starts)), joins, cuts)
            change = -1
        else:
            joins, cuts = cut_at(body, data.draw(st.integers(0, len(body))), joins, cuts)
            change = None
        after = split_body(body, joins=joins, cuts=cuts)
        assert_tiles(body, after)
        more = sum(map(len, after)) - sum(map(len, before))
        assert more == change if change else more in (0, 1)


def test_joining_and_cutting():
    assert texts(BODY, joins={TWO}) == [
        ["One is here. Two is here.", "Three is here."],
        ["Four is 中文字 here."],
    ]
    assert texts(BODY, cuts={4, FOUR + 8}) == [
        ["One", "is here.", "Two is here.", "Three is here."],
        ["Four is", "中文字 here."],
    ]


def test_the_first_sentence_of_a_paragraph_joins_nothing():
    assert texts(BODY, joins={0, FOUR}) == texts(BODY)


@pytest.mark.parametrize("offset", [0, TWO - 1, TWO, FOUR - 2, FOUR, len(BODY), 10**9])
def test_a_cut_where_a_sentence_begins_or_none_is_changes_nothing(offset):
    assert texts(BODY, cuts={offset}) == texts(BODY)


def test_joining_at_a_cut_takes_the_cut_back_and_the_other_way():
    marks = cut_at(BODY, 3, set(), set())
    assert marks == (set(), {4})
    assert split_body(BODY, joins=join_at(4, *marks)[0], cuts=set()) == split_body(BODY)
    assert join_at(4, *marks)[1] == set()
    marks = cut_at(BODY, TWO - 1, *join_at(TWO, set(), set()))
    assert marks[0] == set()
    assert split_body(BODY, joins=marks[0], cuts=marks[1]) == split_body(BODY)


@given(st.one_of(TEXTS, NEWS), st.integers(1, 8))
def test_words_tile_a_sentence(text, most):
    found = words(text, most=most)
    assert "".join(text[start:end] for start, end in found) == text
    assert len(found) <= most


def test_words_begin_after_white_space_and_dashes_and_at_each_sign_without_spaces():
    text = "“No,” he said—twice. 中文字"
    assert [text[start:end] for start, end in words(text, most=99)] == [
        *["“No,” ", "he ", "said—", "twice. ", "中", "文", "字"],
    ]
    assert [text[start:end] for start, end in words(text, most=2)] == ["“No,” ", text[6:]]
