"""The list of stories: order, progress, counts, search with hits, filters, pages."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from annotate.annotations.actions import annotate, set_reading, withdraw
from annotate.annotations.queries import legend, own_progress
from annotate.articles import queries
from annotate.articles.actions import set_status
from annotate.articles.models import Article
from annotate.articles.queries import marked
from annotate.reviews.parts import part_of
from tests.factories import make_article

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def titles(response) -> list[str]:
    found = re.findall(r"<h2[^>]*><a[^>]*>(.*?)</a></h2>", response.text)
    return [strip_tags(title) for title in found]


def story(title: str, body: str = "One thing. Another thing.", **fields):
    return make_article(title=title, body=f"{body} {title}.", **fields)


def read_all(article, person):
    for sentence in article.sentences.all():
        set_reading(sentence, by=person, read=True)


def words(response) -> str:
    return " ".join(strip_tags(response.text).split())


# --- What is there, and in which order -----------------------------------------------------
def test_own_progress_comes_first_then_what_waits_then_the_rest(as_ana, ana):
    begun = story("Begun")
    story("Untouched")
    story("Newer untouched")
    finished = story("Finished")
    set_status(story("Locked"), "locked")
    set_status(story("Archived"), "archived")
    read_all(finished, ana)
    set_reading(begun.sentences.get(position=1), by=ana)

    assert titles(as_ana.get("/")) == [
        "Begun",
        "Newer untouched",
        "Untouched",
        "Finished",
        "Locked",
    ]


def test_other_peoples_work_is_not_ones_own_progress(as_ana, ben, article):
    set_reading(article.sentences.get(position=1), by=ben)

    page = as_ana.get("/")

    assert f"{article.sentences.count()} sentences" in words(page)
    assert " of " not in words(page).partition("Search")[2]


def test_draft_is_seen_by_who_put_it_in_and_by_moderators(client, ana, ben, mo):
    story("A draft", status="draft", submitted_by=ana)
    seen = {}
    for person in (ana, ben, mo):
        client.force_login(person)
        seen[person.username] = titles(client.get("/"))
    assert seen == {"ana": ["A draft"], "ben": [], "mo": ["A draft"]}


def test_row_shows_source_status_progress_and_own_counts(as_ana, ana, ben, claim, evidence):
    article = make_article(outlet="The Courier", byline="A. Writer", published="2026-05-16")
    annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    annotate(article=article, reviewer=ben, label=evidence, start=0, end=5)

    page = as_ana.get("/")

    row = words(page).partition("The Courier")[2]
    assert row.startswith("A. Writer16 May 2026 Mayor says taxes may fall Open 1 of ")
    assert row.partition("sentences ")[2].startswith("Claim 1")
    assert '<li data-label="claim">' in page.text
    assert '<li data-label="evidence">' not in page.text
    total = article.sentences.count()
    assert f'<progress max="{total}" value="1" aria-label="Your progress">' in page.text


def test_moderator_sees_the_number_of_everyones_tags(client, ana, ben, mo, article, claim):
    for person in (ana, ben):
        annotate(article=article, reviewer=person, label=claim, start=0, end=5)
    client.force_login(mo)

    page = client.get("/")

    assert "Claim 2" in words(page)
    assert "1 story. Tags counted are everyone’s" in words(page)


def test_finished_story_says_so(as_ana, ana, article):
    read_all(article, ana)
    assert f"All {article.sentences.count()} sentences done" in words(as_ana.get("/"))


def test_own_progress_is_that_of_the_reading_page(ana, ben, article, claim, evidence):
    other = story("Other")
    annotate(article=article, reviewer=ana, label=claim, start=0, end=len(article.text))
    annotate(article=article, reviewer=ana, label=evidence, start=0, end=5)
    set_reading(other.sentences.get(position=1), by=ana)
    set_reading(other.sentences.get(position=2), by=ben)
    annotate(article=other, reviewer=ben, label=claim, start=0, end=len(other.text))
    withdraw(
        annotate(article=other, reviewer=ana, label=claim, start=0, end=20).annotation, by=ana
    )

    own = {pk: progress.done for pk, progress in own_progress(ana).items()}

    assert own == {
        one.pk: legend(one, part_of(one, ana)).progress.done for one in (article, other)
    }
    assert own == {article.pk: article.sentences.count(), other.pk: 1}


# --- Searching -----------------------------------------------------------------------------
def test_search_finds_title_outlet_and_text_the_title_first(as_ana):
    story("Ledger found")
    story("In the outlet", outlet="Ledger Weekly")
    story("In the text", "They talked about a ledger.")
    story("Trams", "Nothing of it here.")

    page = as_ana.get("/?q=ledgers")

    assert titles(page) == ["Ledger found", "In the outlet", "In the text"]
    assert '<b class="hit">Ledger</b> found' in page.text
    assert '<b class="hit">Ledger</b> Weekly' in page.text
    assert 'They talked about a <b class="hit">ledger</b>.' in page.text
    assert "3 stories with “ledgers”, the best match first" in words(page)


def test_search_knows_phrases_and_words_left_out(as_ana):
    story("Taxes may fall", "The plan of the mayor.")
    story("Taxes may rise", "The mayor and her plan.")
    assert titles(as_ana.get('/?q="plan of the mayor"')) == ["Taxes may fall"]
    assert titles(as_ana.get("/?q=taxes -rise")) == ["Taxes may fall"]


def test_other_languages_are_searched_word_by_word(as_ana):
    story("Die Steuern", "Im Rat wurde verhandelt.", language="de")
    story("The council", "They negotiated.", language="en")
    assert titles(as_ana.get("/?q=verhandelt")) == ["Die Steuern"]
    assert titles(as_ana.get("/?q=negotiating")) == ["The council"]
    # A word that English search leaves out is a word like any other elsewhere.
    assert titles(as_ana.get("/?q=im")) == ["Die Steuern"]


def test_search_shows_markup_of_a_story_as_text(as_ana):
    story("<script>alert(1)</script> ledger & co", "The <b>ledger</b> {{ 1 }} stands.")

    page = as_ana.get("/?q=ledger")

    assert "<script>alert" not in page.text
    assert (
        '&lt;script&gt;alert(1)&lt;/script&gt; <b class="hit">ledger</b> &amp; co' in page.text
    )
    assert '<b class="hit">ledger</b>&lt;/b&gt; {{ 1 }} stands' in page.text


def test_marks_that_do_not_pair_mark_nothing():
    assert marked("a \x02b\x03 <c>\x02") == 'a <b class="hit">b</b> &lt;c&gt;\x02'


@pytest.mark.parametrize(
    "q", ["the", "!!!", "-", '"', "🧑‍🤝‍🧑", "' or 1=1 --", "a & | !", "\\"]
)
def test_search_for_what_is_no_word_answers(as_ana, article, q):
    assert as_ana.get("/", {"q": q}).status_code == 200


# --- Filters and pages ---------------------------------------------------------------------
def test_filters_by_status_and_own_work(as_ana, ana):
    finished, begun = story("Finished"), story("Begun")
    story("Untouched")
    set_status(story("Archived"), "archived")
    read_all(finished, ana)
    set_reading(begun.sentences.get(position=1), by=ana)

    assert titles(as_ana.get("/?mine=unread")) == ["Untouched"]
    assert titles(as_ana.get("/?mine=begun")) == ["Begun"]
    assert titles(as_ana.get("/?mine=done")) == ["Finished"]
    assert titles(as_ana.get("/?status=archived")) == ["Archived"]
    assert titles(as_ana.get("/?status=open&mine=begun&q=begun")) == ["Begun"]


def test_pages_of_twenty_keep_search_and_filters(as_ana):
    for number in range(23):
        story(f"Tram {number}")

    first = as_ana.get("/?q=tram&status=open")
    second = as_ana.get("/?q=tram&status=open&page=2")

    assert (len(titles(first)), len(titles(second))) == (20, 3)
    assert 'href="?q=tram&amp;status=open&amp;page=2">Next</a>' in first.text
    assert 'href="?q=tram&amp;status=open&amp;page=1">Previous</a>' in second.text
    assert "23 stories with “tram”, the best match first, page 2 of 2" in words(second)
    assert not set(titles(first)) & set(titles(second))


@pytest.mark.parametrize("page", ["abc", "-1", "0", "99", "\x00", "9" * 5000, ""])
def test_page_that_does_not_exist_is_the_nearest(as_ana, article, page):
    response = as_ana.get("/", {"page": page})
    assert response.status_code == 200
    assert titles(response) == [article.title]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"q": "a\x00b"}, "Null characters are not allowed."),
        (
            {"q": "x" * 201},
            "Ensure this value has at most 200 characters (it has 201).",
        ),
        (
            {"status": "gone"},
            "Select a valid choice. gone is not one of the available choices.",
        ),
        ({"mine": "x"}, "Select a valid choice. x is not one of the available choices."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "htmx"])
def test_what_cannot_be_understood_is_said_and_left_out(as_ana, article, asked, said, headers):
    response = as_ana.get("/", asked, headers=headers)
    assert response.status_code == 422
    assert said in response.text
    assert titles(response) == [article.title]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "There is no story yet.Put the first one in: paste its text, or choose a file."),
        ("?q=x", "No story matches. Try fewer or other words, whole ones."),
        ("?q=the", "Words as common as “the” and “of” are not searched in English stories."),
        ("?status=locked", "No story has this status. Show all stories"),
        ("?mine=begun", "No story that you began and did not finish is here."),
        ("?mine=done", "No story that you finished is here."),
        ("?mine=unread", "No story is left that you have not begun."),
    ],
)
def test_empty_list_says_what_to_do(as_ana, labels, asked, said):
    assert said in words(as_ana.get(f"/{asked}"))


def test_pages_follow_each_other_over_every_group(client, mo, monkeypatch):
    for status in ("open", "draft", "locked"):
        for work in ("untouched", "begun", "done"):
            for number in (1, 2):
                article = story(f"{status} {work} {number}")
                if work == "begun":
                    set_reading(article.sentences.get(position=1), by=mo)
                elif work == "done":
                    read_all(article, mo)
                Article.objects.filter(pk=article.pk).update(status=status)
    client.force_login(mo)
    whole = titles(client.get("/"))
    opened = ["open begun 2", "open begun 1", "open untouched 2", "open untouched 1"]
    assert whole[:5] == [*opened, "draft done 2"]
    assert whole[10:13] == ["open done 2", "open done 1", "locked done 2"]
    assert len(whole) == 18

    for asked in ("", "mine=unread", "mine=begun", "mine=done"):
        monkeypatch.setattr(queries, "PAGE", 20)
        whole = titles(client.get(f"/?{asked}"))
        assert len(whole) == (6 if asked else 18)
        monkeypatch.setattr(queries, "PAGE", 5)
        pages = range(1, -(-len(whole) // 5) + 1)
        found = [t for page in pages for t in titles(client.get(f"/?{asked}&page={page}"))]
        assert found == whole


def test_of_very_many_hits_the_newest_are_ranked_and_the_page_says_so(as_ana, monkeypatch):
    monkeypatch.setattr(queries, "MOST_RANKED", 2)
    story("First about taxes: taxes, taxes")
    story("Second about taxes, and about taxes again")
    story("Third about taxes")

    page = as_ana.get("/?q=taxes")

    assert titles(page) == ["Second about taxes, and about taxes again", "Third about taxes"]
    assert "More than 2 stories with “taxes”; of the newest 2, the best match first" in words(
        page
    )
    monkeypatch.setattr(queries, "MOST_RANKED", 3)
    page = as_ana.get("/?q=taxes")
    assert len(titles(page)) == 3
    assert "3 stories with “taxes”, the best match first" in words(page)
    assert "More than" not in words(page)


# --- htmx ----------------------------------------------------------------------------------
def test_htmx_gets_the_results_and_their_address(as_ana, article):
    response = as_ana.get("/?q=mayor&status=&mine=", headers=HTMX)

    assert response.text.lstrip().startswith('<div id="results">')
    assert "<h1" not in response.text
    assert (
        'id="found" class="found small muted" role="status" hx-swap-oob="true"' in response.text
    )
    assert response["HX-Push-Url"] == "/?q=mayor"
    assert "HX-Request" in response["Vary"]


def test_typing_on_in_a_search_adds_nothing_to_the_history(as_ana, article):
    headers = {**HTMX, "HX-Trigger": "q", "HX-Current-URL": "http://testserver/?q=may"}
    response = as_ana.get("/?q=mayor", headers=headers)
    assert response["HX-Replace-Url"] == "/?q=mayor"
    assert "HX-Push-Url" not in response


def test_history_gets_a_whole_page(as_ana, article):
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    response = as_ana.get("/?q=mayor", headers=headers)
    assert "<h1>Stories</h1>" in response.text
    assert "hx-swap-oob" not in response.text


def test_htmx_without_a_session_is_told_so(client, db):
    assert client.get("/", headers=HTMX).status_code == 401


# --- Cost ----------------------------------------------------------------------------------
@pytest.mark.parametrize("asked", ["", "?q=thing", "?q=thing&status=open&mine=begun"])
def test_as_many_queries_for_many_stories_as_for_one(as_ana, ana, claim, asked):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert titles(as_ana.get(f"/{asked}"))
        return len(captured)

    def begin(number: int) -> None:
        article = story(f"Story {number}", outlet="The Courier")
        annotate(article=article, reviewer=ana, label=claim, start=0, end=5)

    begin(0)
    queries()
    one = queries()
    for number in range(1, 25):
        begin(number)
    assert queries() == one
    assert one <= 10 + ("q=" in asked)  # a search is counted


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_pages_together_are_the_whole_list_in_its_order(ana, monkeypatch, size):
    """Whichever end of its group a page is read from."""
    stories = [story(f"Story {number}") for number in range(11)]
    read_all(stories[3], ana)
    set_reading(stories[5].sentences.first(), by=ana, read=True)
    for one in stories[7:]:
        set_status(one, "locked")

    def list_of(page: int) -> list[str]:
        return [row.article.title for row in queries.list_articles(ana, page=str(page))[1]]

    monkeypatch.setattr(queries, "PAGE", 20)
    expected = [f"Story {number}" for number in (5, 6, 4, 2, 1, 0, 3, 10, 9, 8, 7)]
    assert list_of(1) == expected
    monkeypatch.setattr(queries, "PAGE", size)
    pages = -(-len(stories) // size)
    assert [title for page in range(1, pages + 1) for title in list_of(page)] == expected
