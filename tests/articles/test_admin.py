"""Stories in the admin: found, opened, locked and archived; their text never changes."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.annotations import actions
from annotate.articles.models import Article
from tests.factories import BODY, make_article

pytestmark = pytest.mark.django_db

ARTICLES = "/admin/articles/article/"
HOSTILE = "<script>alert(1)</script> {{ 1|add:1 }} \u202eevil"


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def fields(article: Article, **changes: str) -> dict[str, str]:
    names = ("title", "outlet", "byline", "url", "language")
    return {**{name: getattr(article, name) for name in names}, "published": "", **changes}


def press(client, article: Article, action: str):
    """Press a button of an article's page."""
    return client.post(
        f"{ARTICLES}{article.pk}/change/",
        {"_selected_action": article.pk, "CHANGE_FORM-action": action},
        follow=True,
    )


def choose(client, articles: list[Article], action: str):
    """Choose an action for rows of the list."""
    sent = {"_selected_action": [one.pk for one in articles], "action": action}
    return client.post(ARTICLES, sent, follow=True)


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_details_change_and_the_text_does_not(as_mo, article):
    sent = fields(
        article, outlet="The  Ledger", url="https://example.org/", text="Other", status="x"
    )
    assert as_mo.post(f"{ARTICLES}{article.pk}/change/", sent).status_code == 302
    after = Article.objects.get()
    assert (after.outlet, after.url) == ("The Ledger", "https://example.org/")
    assert (after.text, after.status, after.digest) == (article.text, "open", article.digest)


def test_only_what_was_changed_is_written(as_mo, article):
    """Somebody may lock the story meanwhile."""
    with CaptureQueriesContext(connection) as queries:
        as_mo.post(f"{ARTICLES}{article.pk}/change/", fields(article, outlet="The Ledger"))
    (written,) = (
        one["sql"] for one in queries if one["sql"].startswith('UPDATE "articles_article"')
    )
    assert written.startswith('UPDATE "articles_article" SET "outlet" = \'The Ledger\' WHERE')


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"language": ""}, "This field is required."),
        ({"outlet": "a\x1bb"}, "the text holds the control character ESCAPE (U+001B)"),
        ({"url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"published": "soon"}, "Enter a valid date."),
    ],
)
def test_wrong_details_are_told(as_mo, article, changes, message):
    response = as_mo.post(f"{ARTICLES}{article.pk}/change/", fields(article, **changes))
    assert message in response.content.decode()
    assert Article.objects.get().outlet == article.outlet


def test_the_title_is_the_headline_and_does_not_change(as_mo, article):
    address = f"{ARTICLES}{article.pk}/change/"
    assert (
        "The title is the headline of the text, which does not change: tags stand on it."
        in as_mo.get(address).content.decode()
    )
    assert as_mo.post(address, fields(article, title="Another")).status_code == 302
    assert Article.objects.get().title == article.title


@pytest.mark.parametrize(
    ("action", "status", "message"),
    [
        ("lock", "locked", "1 story is locked."),
        ("archive", "archived", "1 story is archived."),
        ("open", "open", "1 story is open."),
    ],
)
def test_a_button_sets_the_status(as_mo, article, action, status, message):
    response = press(as_mo, article, action)
    assert messages(response) == [message]
    assert Article.objects.get().status == status
    said = [entry.get_change_message() for entry in LogEntry.objects.all()]
    assert said == ([] if status == "open" else [f"From open to {status}."])


def test_an_action_on_the_list_tells_what_it_could_not_do(as_mo, article):
    press(as_mo, article, "archive")
    again = make_article()
    other = make_article("Other", "Another body.", status="draft")
    response = choose(as_mo, [article, other], "open")
    assert messages(response) == [
        "1 story is open.",
        f"“{article}”: The same text stands as another article. Archive that one first.",
    ]
    response = choose(as_mo, [again, other], "lock")
    assert messages(response) == ["2 stories are locked."]


def test_the_enter_key_saves_and_does_not_open(as_mo, article):
    page = as_mo.get(f"{ARTICLES}{article.pk}/change/").content.decode()
    form = page[page.index('id="article_form"') :]
    assert form.index('name="_continue"') < form.index('value="open"')


def test_nothing_is_added_or_deleted(client, ada, article):
    client.force_login(ada)
    assert client.get(f"{ARTICLES}add/").status_code == 403
    assert client.get(f"{ARTICLES}{article.pk}/delete/").status_code == 403
    assert "delete_selected" not in client.get(ARTICLES).content.decode()


def test_the_list_counts_sentences_of_the_body_and_tags_that_count(
    as_mo, article, ana, ben, claim
):
    for person in (ana, ben):
        actions.annotate(article=article, reviewer=person, label=claim, start=27, end=75)
    actions.withdraw(article.annotations.first(), by=ana)
    row = as_mo.get(ARTICLES).context["cl"].result_list[0]
    assert (row.sentence_count, row.annotation_count) == (6, 1)


def test_stories_are_found_by_words_status_and_outlet(as_mo, article):
    make_article(
        "Steuern sinken", "Die Häuser bleiben.", language="de", outlet="Bote", status="draft"
    )

    def found(**query: str) -> list[str]:
        return [one.title for one in as_mo.get(ARTICLES, query).context["cl"].result_list]

    mayor = "Mayor says taxes may fall"
    assert found(q="ledgers") == [mayor]
    assert found(q='"nobody asked"') == [mayor]
    assert found(q="häuser") == ["Steuern sinken"]
    assert found(q="bot") == ["Steuern sinken"]
    assert found(q="nothing of it") == []
    assert found(status__exact="draft") == ["Steuern sinken"]


@pytest.mark.parametrize("address", [ARTICLES, "/admin/articles/sentence/"])
def test_lists_cost_the_same_queries_for_more(as_mo, article, address):
    make_article("First", "A body.", outlet="Ledger", published="2020-01-01")
    with CaptureQueriesContext(connection) as few:
        as_mo.get(address)
    for number in range(4):
        make_article(f"Story {number}", f"{BODY} {number}", published=f"202{number}-01-01")
    with CaptureQueriesContext(connection) as many:
        as_mo.get(address)
    assert len(many) == len(few) <= 10


def test_a_story_of_many_sentences_shows_the_first_and_costs_no_more(
    as_mo, article, django_assert_max_num_queries
):
    long = make_article("Long", "\n\n".join(f"Sentence {n}." for n in range(1, 1_001)))
    with django_assert_max_num_queries(9):
        page = as_mo.get(f"{ARTICLES}{long.pk}/change/").content.decode()
    assert '<th scope="row">299</th><td dir="auto">Sentence 299.</td>' in page
    assert "Sentence 300." not in page
    assert "701 more." in page
    address = f"/admin/articles/sentence/?article__id__exact={long.pk}"
    assert f'href="{address}"' in page
    assert as_mo.get(address).context["cl"].result_count == 1_001


def test_a_sentence_shows_its_text(as_mo, sentence):
    page = as_mo.get(f"/admin/articles/sentence/{sentence.pk}/change/").content.decode()
    assert "The mayor said on Monday that taxes would fall." in page
    assert "View sentence" in page


@pytest.mark.parametrize("page", ["", "{pk}/change/", "{pk}/history/"])
def test_hostile_text_shows_as_text(as_mo, page):
    article = make_article(HOSTILE, f"{HOSTILE}.", outlet=HOSTILE)
    page = as_mo.get(ARTICLES + page.format(pk=article.pk)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 1|add:1 }}" in page
