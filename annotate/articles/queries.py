"""What the list of articles reads: a person's own work first, or what a search found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Length, Replace, Substr
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from annotate.accounts.models import User
from annotate.annotations.queries import Progress, counts_by_article, own_progress
from annotate.discussion.queries import unresolved_by_article

from .models import Article, ArticleQuerySet, Sentence

PAGE = 20
SEARCHED = 200_000  # code points of a text that its search column holds
# What PostgreSQL puts around a hit. No text may hold these, so they cannot be mistaken.
HIT, HIT_END = "\x02", "\x03"
LESS_THAN = "\x04"  # for "<", after which PostgreSQL may see a tag and leave it out

Status = Article.Status


class Work(models.TextChoices):
    """How far a person is with an article."""

    UNREAD = "unread", "Not begun"
    BEGUN = "begun", "Begun"
    DONE = "done", "Done"


@dataclass(slots=True)
class Row:
    """One article of the list. `snippet` is the place of the text that a search hit."""

    article: Article
    progress: Progress
    counts: list[tuple[str, str, int]]  # label slug, label name, tags
    unresolved: int  # discussions, of those that the person sees
    title: SafeString
    outlet: SafeString
    snippet: SafeString

    @property
    def finished(self) -> bool:
        return self.progress.done >= self.progress.total


def list_articles(
    user: User, *, q: str = "", status: str = "", mine: str = "", page: str | None = None
) -> tuple[Page, list[Row]]:
    """Return a page of the articles that `user` may see, and its rows.

    At most six queries: their progress, the count, the articles, the tags, the discussions,
    the hits.
    A page that does not exist is the nearest one that does.
    """
    own = own_progress(user)
    found = find(Article.objects.visible_to(user), own, q=q, status=status, mine=mine)
    shown = Paginator(found, PAGE).get_page(page)
    articles = list(shown.object_list)
    counts = counts_by_article(articles, user) if articles else {}
    unresolved = unresolved_by_article(articles, user) if articles else {}
    hits = find_hits(articles, q) if q and articles else {}
    rows = []
    for article in articles:
        done = own[article.pk].done if article.pk in own else 0
        title, outlet, snippet = hits.get(article.pk, (article.title, article.outlet, ""))
        rows.append(
            Row(
                article=article,
                progress=Progress(done, article.sentences_total),  # type: ignore[attr-defined]
                counts=counts.get(article.pk, []),
                unresolved=unresolved.get(article.pk, 0),
                title=marked(title),
                outlet=marked(outlet),
                snippet=marked(snippet if HIT in snippet else ""),
            )
        )
    return shown, rows


# --- Finding ------------------------------------------------------------------------------


def find(
    visible: ArticleQuerySet, own: dict[int, Progress], *, q: str, status: str, mine: str
) -> ArticleQuerySet:
    """Return the articles asked for, without text: best hit first, or own work first."""
    begun = [pk for pk, progress in own.items() if progress.done < progress.total]
    done = [pk for pk, progress in own.items() if progress.done >= progress.total]
    found = visible.filter(status=status) if status else visible.standing()
    if mine == Work.UNREAD:
        found = found.exclude(pk__in=own)
    elif mine:
        found = found.filter(pk__in=begun if mine == Work.BEGUN else done)
    order = ["turn", "-pk"]
    if q:
        found = found.filter(_matches(q)).annotate(rank=_by_language(lambda to: _rank(q, to)))
        order = ["-rank", *order]
    last = Sentence.objects.filter(article=OuterRef("pk")).order_by("-position")
    return (
        found.annotate(
            turn=_turn(begun, done), sentences_total=Subquery(last.values("position")[:1]) + 1
        )
        .defer("text", "search")
        .order_by(*order)
    )


def _turn(begun: Iterable[int], done: Iterable[int]) -> Case:
    """What a person should see first: what they began, what waits for them, the rest."""
    return Case(
        When(status=Status.OPEN, pk__in=begun, then=0),
        When(status=Status.OPEN, pk__in=done, then=3),
        When(status=Status.OPEN, then=1),
        When(status=Status.DRAFT, then=2),
        When(status=Status.LOCKED, then=4),
        default=5,
        output_field=models.SmallIntegerField(),
    )


# --- Searching: each article in the configuration that its search column was made with -----

ENGLISH = Q(language__startswith="en")


def _by_language(expression: Callable[[str], models.Expression]) -> Case:
    return Case(When(ENGLISH, then=expression("english")), default=expression("simple"))


def _query(q: str, config: str) -> SearchQuery:
    return SearchQuery(q, config=config, search_type="websearch")


def _matches(q: str) -> Q:
    # Not a Case: in this form PostgreSQL looks both up in the index.
    return (ENGLISH & Q(search=_query(q, "english"))) | (
        ~ENGLISH & Q(search=_query(q, "simple"))
    )


def _rank(q: str, config: str) -> SearchRank:
    # Divided by the logarithm of the length: a long story is not better for being long.
    return SearchRank(
        F("search"), _query(q, config), cover_density=True, normalization=Value(1)
    )


def find_hits(articles: Iterable[Article], q: str) -> dict[int, tuple[str, str, str]]:
    """Return title, outlet and the best places of the text, with each hit marked."""
    body = Substr("text", Length("title") + 3, SEARCHED)
    whole = {"highlight_all": True}
    places = {"max_fragments": 2, "min_words": 8, "max_words": 24, "fragment_delimiter": " … "}

    def headline(of: str | models.Expression, options: dict) -> Case:
        return _by_language(
            lambda config: SearchHeadline(
                Replace(of, Value("<"), Value(LESS_THAN)),
                _query(q, config),
                config=config,
                start_sel=HIT,
                stop_sel=HIT_END,
                **options,
            )
        )

    rows = Article.objects.filter(pk__in=[article.pk for article in articles]).values_list(
        "pk", headline("title", whole), headline("outlet", whole), headline(body, places)
    )
    return {pk: texts for pk, *texts in rows}


def marked(text: str) -> SafeString:
    """Return `text` as HTML: all of it escaped, each hit in `<b class="hit">`."""
    pieces = re.split(f"{HIT}([^{HIT}{HIT_END}]*){HIT_END}", text.replace(LESS_THAN, "<"))
    html = [
        f'<b class="hit">{escape(piece)}</b>' if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    ]
    return mark_safe("".join(html))  # noqa: S308 - every piece of it was escaped
