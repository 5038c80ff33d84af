"""Words are found beside any quotation mark, dash and other sign, whatever the server."""

from __future__ import annotations

import unicodedata
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils.html import strip_tags

from annotate.annotations.actions import annotate
from annotate.articles.models import Article
from annotate.moderation.models import AuditEntry
from annotate.wordsearch import SOFT_HYPHEN, spaced
from tests.factories import make_article

pytestmark = pytest.mark.django_db
LISTS = ["/", "/admin/articles/article/", "/admin/annotations/annotation/"]
# What stands around a word, as in English, French, German, Danish, Polish, Swedish, Japanese,
# Chinese, Greek, Spanish, Arabic, Hebrew, Armenian, Hindi, Ethiopic; and what is no language's.
AROUND = [
    *("“{}”", "‘{}’", "«{}»", "« {} »", "„{}“", "‚{}‘", "»{}«", "›{}‹", "„{}”", "”{}”", "’{}’"),
    *(
        "「{}」",
        "『{}』",
        "｢{}｣",
        "《{}》",
        "〈{}〉",
        "【{}】",
        "〝{}〟",
        "（{}）",
        "・{}・",
        "、{}。",
    ),
    *("―{}·", "¿{}?", "¡{}!", "،{}؛", "״{}״", "՝{}։", "।{}।", "፡{}።", "\u200f{}\u200f"),
    *(
        "—{}—",
        "–{}–",
        "…{}…",
        "\u2067{}\u2069",
        "\ufeff{}",
        "\u00a0{}\u2009",
        "👍🏽{}❤️",
        "€{}™",
    ),
]
WORDS = ["putintrump", "état", "الساحة", "ニュース"]


def story(words: str) -> Article:
    return make_article(title="A story", body=f"They said {words}. Nothing more.")


def tag_all(article: Article, reviewer, label) -> None:
    annotate(article=article, reviewer=reviewer, label=label, start=0, end=len(article.text))


def text_of(response) -> str:
    return " ".join(strip_tags(response.text).split())


@pytest.mark.parametrize("around", AROUND)
def test_a_word_is_found_and_shown_beside_any_sign(client, mo, claim, around):
    client.force_login(mo)
    said = [around.format(word) for word in WORDS]
    tag_all(story(", ".join(said)), mo, claim)
    for asked in (WORDS, said):  # what is found has all of them
        page = client.get("/", {"q": " ".join(asked)})
        assert "1 story with" in text_of(page), asked
        for word in WORDS:
            assert around.format(f'<b class="hit">{word}</b>') in page.text
    for address in LISTS[1:]:
        assert "A story" in text_of(client.get(address, {"q": " ".join(WORDS)})), address


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("word", ["état", "мэр", "γράμμα"])
def test_capitals_are_found_as_small_letters(client, mo, claim, address, word):
    client.force_login(mo)
    tag_all(story(f"«{word}»"), mo, claim)
    assert "A story" in text_of(client.get(address, {"q": word.upper()}))


def test_a_phrase_is_found_over_signs_and_shown_with_them(client, mo):
    client.force_login(mo)
    story("the mayor—“so they say”—has gone")
    page = client.get("/", {"q": '"mayor so they say has"'})
    assert 'the <b class="hit">mayor</b>—“so they <b class="hit">say</b>' in page.text


def test_what_looks_like_a_guard_of_ours_is_shown_as_it_is(client, mo):
    client.force_login(mo)
    story("&—; and &amp; “ledger” & co; <b>")
    page = client.get("/", {"q": "ledger"})
    assert '&amp;—; and &amp;amp; “<b class="hit">ledger</b>” &amp; co; &lt;b&gt;' in page.text


def test_without_spaces_what_stands_between_signs_is_found(client, mo):
    client.force_login(mo)
    story("「東京都知事は、発表した。」")
    assert "1 story with" in text_of(client.get("/", {"q": "東京都知事は"}))
    assert "No story matches." in text_of(client.get("/", {"q": "東京"}))


def test_a_word_with_a_soft_hyphen_is_one(client, mo):
    client.force_login(mo)
    story(f"infor{SOFT_HYPHEN}mation")
    for asked in ("information", f"infor{SOFT_HYPHEN}mation"):
        assert '<b class="hit">information</b>' in client.get("/", {"q": asked}).text


def test_a_word_of_a_title_is_found_though_another_title_has_it_bare(client, mo):
    client.force_login(mo)
    make_article(title="Ledgers", body="One. Two.")
    make_article(title="The “ledgers” of the mayor", body="Three. Four.")
    page = text_of(client.get("/admin/articles/article/", {"q": "ledgers"}))
    assert "of the mayor" in page


def test_a_word_of_a_note_and_of_the_audit_log_is_found(client, mo, article, claim):
    client.force_login(mo)
    annotate(article=article, reviewer=mo, label=claim, start=0, end=5, note="ledgers")
    annotate(article=article, reviewer=mo, label=claim, start=0, end=10, note="«ledgers»")
    assert "2 annotations" in text_of(client.get(LISTS[2], {"q": "ledgers"}))
    for why in ("ledgers", "No “ledgers”"):
        AuditEntry.objects.create(kind="article_locked", by=mo, why=why)
    assert "No “ledgers”" in text_of(client.get("/admin/audit/", {"q": "ledgers"}))


def test_what_is_written_later_is_found(client, mo):
    client.force_login(mo)
    article = story("nothing")
    Article.objects.filter(pk=article.pk).update(title="The “ledger”", language="de")
    assert "The “ledger”" in text_of(client.get("/", {"q": "ledger"}))
    assert "The “ledger”" in text_of(client.get("/", {"q": "the"}))  # no English words now


def test_stories_that_stood_before_are_found(client, mo):
    client.force_login(mo)
    story("“ledger”")
    with connection.cursor() as cursor:  # as the version before left it
        cursor.execute("UPDATE articles_article SET search = to_tsvector('english', text)")
    migration = import_module("annotate.articles.migrations.0008_separate_standing_words")

    migration.fill(apps, None)

    assert "1 story with" in text_of(client.get("/", {"q": "ledger"}))


def test_the_database_and_the_search_separate_the_same():
    everything = [chr(code) for code in range(0x20, 0x110000) if not 0xD800 <= code <= 0xDFFF]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(spaced_words(one) ORDER BY place)"
            "  FROM unnest(%s::text[]) WITH ORDINALITY AS every (one, place)",
            [everything],
        )
        [(made,)] = cursor.fetchall()
    assert made == [spaced(one) for one in everything]


# Of scripts that a newspaper may have: no hieroglyphs, no notation of music.
NEWS = [
    *range(0x80, 0x700),
    *range(0x2000, 0x2C00),
    *range(0x3000, 0x3100),
    *range(0xFB00, 0xFFF0),
]


def test_signs_are_separators_and_letters_are_not():
    kinds = {chr(code): unicodedata.category(chr(code)) for code in range(0x80, 0x20000)}
    separators = {one for one in kinds if spaced(one) == " "}
    news = {chr(code) for code in NEWS}
    assert [one for one in separators if kinds[one] in ("Ll", "Lm", "Nd", "Mc")] == []
    assert {one for one in separators if kinds[one] == "Mn"} == {"\ufe0e", "\ufe0f"}
    signs = {one for one, kind in kinds.items() if kind[0] in "PZ" or kind == "Sc"}
    assert sorted(signs & news - separators) == []
