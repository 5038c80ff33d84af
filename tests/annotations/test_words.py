"""The words by which a passage is chosen without JavaScript, also where no spaces are."""

from __future__ import annotations

import re
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from annotate.annotations import story
from annotate.annotations.models import Annotation
from tests.factories import make_article


def cut(text: str) -> list[str]:
    return [word for *_, word in story.words(text, 0)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("She said: “Taxes, yes!”", ["She", "said:", "“Taxes,", "yes!”"]),
        ("市長は「減税」と言った。", [*"市長は「減税」と言った。"]),
        ("ラーメンを2017年に、Annaが", [*"ラーメンを", "2017", "年", "に", "、", "Anna", "が"]),
        ("เมืองน้ำ ดี", ["เ", "มื", "อ", "ง", "น้ำ", "ดี"]),
        ("ພາສາ", ["ພ", "າ", "ສ", "າ"]),
        ("ភាសាខ្មែរ", ["ភា", "សា", "ខ្មែ", "រ"]),
        ("မြန်မာ", ["မြ", "န်", "မာ"]),
        ("ភា\u200bសា", ["ភា\u200b", "សា"]),
        ("か\u3099葛\U000e0100", ["か\u3099", "葛\U000e0100"]),
        ("세금이 오른다 👩‍👩‍👧!", ["세금이", "오른다", "👩‍👩‍👧!"]),
        ("cafe\u0301 \u202bשלום, עולם\u202c", ["cafe\u0301", "\u202bשלום,", "עולם\u202c"]),
    ],
    ids=str,
)
def test_words_and_signs(text, words):
    assert cut(text) == words


TEXTS = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            "市長はラーー。、「เมืองน้ำພາສາភាសាខ្មែមြန်မာa1 \n\t\u3000"
            "\u200b\u200d\ufe0f\u0301👩🏽🇬🇧\u0600\u0cc0"
        ),
    )
)


@given(TEXTS, st.integers(0, 1_000))
def test_pieces_of_any_text(text, start):
    end = start
    for first, last, piece in story.words(text, start):
        assert end <= first < last
        assert text[end - start : first - start].strip() == ""
        assert text[first - start : last - start] == piece
        assert not re.search(r"\s", piece)
        if unicodedata.category(piece[0])[0] == "M":
            assert first == start or text[first - start - 1].isspace()
        end = last
    assert text[end - start :].strip() == ""


@given(TEXTS)
def test_what_people_see_as_one_character_stays_whole(text):
    for word in text.split():
        seen = [match.end() for match in regex.finditer(r"\X", word)]
        assert {last for _, last, _ in story.words(word, 0)} <= {*seen}


def test_part_of_a_japanese_sentence_is_tagged_and_changed(as_ana, labels):
    """As a browser without JavaScript does it: with what the page offers."""
    article = make_article("見出し", "市長は減税を発表した。", language="ja")
    sentence = article.sentences.get(position=1)

    def offered(address: str, name: str) -> dict[str, str]:
        select = re.search(f'<select name="{name}".*?</select>', as_ana.get(address).text)[0]
        options = re.findall(r'<option value="(\d+)"[^>]*>(.*?)</option>', select)
        return {word: value for value, word in options}

    page = f"/sentences/{sentence.pk}/"
    tagged = {"start": offered(page, "start")["減"], "end": offered(page, "end")["税"]}
    as_ana.post(f"/articles/{article.pk}/annotations/", {**tagged, "label": "claim"})
    tag = Annotation.objects.get()
    assert tag.exact == "減税"
    panel = f"/annotations/{tag.pk}/"
    as_ana.post(panel, {"end": offered(panel, "end")["発"]})
    tag.refresh_from_db()
    assert tag.exact == "減税を発"
