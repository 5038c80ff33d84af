"""What the list of articles reads: a person's own work first, or what a search found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchRank
from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import Case, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Length, Replace, Substr
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from annotate.accounts.models import User
from annotate.annotations.queries import Progress, counts_by_article, own_progress
from annotate.discussion.queries import unresolved_by_article
from annotate.trips import fetch
from annotate.wordsearch import SEPARATORS, SOFT_HYPHEN, sought

from .models import Article, ArticleQuerySet, Sentence

PAGE = 20
MOST_RANKED = 500  # of the stories that a search finds, the newest: the best come first
SEARCHED = 200_000  # code points of a text that its search column holds
# What PostgreSQL puts around a hit. No text may hold these, so they cannot be mistaken.
HIT, HIT_END = "\x02", "\x03"
LESS_THAN = "\x04"  # for "<", after which PostgreSQL may see a tag and leave it out
# Before what separates words beyond ASCII, which stays in the text as if it were the name of
# an entity, as "&amp;" is: of that PostgreSQL makes no word, whatever it takes for a letter.
SEPARATOR = "\x05"

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

    At most seven trips: their progress, the counts, which articles, these, the tags, the
    discussions, the hits.
    A page that does not exist is the nearest one that does.
    """
    own = own_progress(user)
    asked = {"status": status, "mine": mine}
    found: Any = search(user, own, q, **asked) if q else ordered(user, own, **asked)
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
                progress=Progress(done, article.sentences_total),
                counts=counts.get(article.pk, []),
                unresolved=unresolved.get(article.pk, 0),
                title=marked(title),
                outlet=marked(outlet),
                snippet=marked(snippet if HIT in snippet else ""),
            )
        )
    return shown, rows


# --- In order, without sorting all: an index has the articles of a status, the newest first ---

# What a person works on, and has done, in what they may see; and how many there are in all.
# Drafts are few, the others are counted by an index alone.
STATUSES = f"""
    SELECT id, status FROM articles_article
     WHERE id = ANY(%(own)s) AND {ArticleQuerySet.VISIBLE_TO} ORDER BY id DESC
"""  # noqa: S608 - composed of constants
NUMBERS = f"""
    SELECT status, count(*) FROM articles_article
     WHERE status = ANY(%(wanted)s) AND status <> 'draft' GROUP BY status
     UNION ALL
    SELECT status, count(*) FROM articles_article
     WHERE status = ANY(%(wanted)s) AND status = 'draft' AND {ArticleQuerySet.VISIBLE_TO}
     GROUP BY status
"""  # noqa: S608 - composed of constants
NEWEST = f"""
    SELECT id FROM (
           SELECT id FROM articles_article
            WHERE status = '{{status}}' AND {ArticleQuerySet.VISIBLE_TO} AND {{which}}
            ORDER BY id {{order}} OFFSET {{offset:d}} LIMIT {{limit:d}}) here
     ORDER BY id DESC
"""  # noqa: S608 - composed of constants


@dataclass(slots=True)
class Group:
    """Articles of a status that follow each other in the list: `own`, or all there are."""

    status: str
    number: int
    own: list[int] | None = None
    others_only: bool = False  # without those that the person worked on

    def sql(self, first: int, last: int) -> str:
        """Return the statement for those from `first` up to `last`, from the nearer end on."""
        offset, order = min((first, "DESC"), (self.number - last, "ASC"))
        return NEWEST.format(
            status=self.status,
            which="id <> ALL(%(own)s)" if self.others_only else "true",
            order=order,
            offset=offset,
            limit=last - first,
        )


class Groups:
    """Articles in groups, counted and cut as a paginator does it."""

    def __init__(self, groups: list[Group], values: dict[str, object]) -> None:
        self.groups, self.values = groups, values

    def count(self) -> int:
        return sum(group.number for group in self.groups)

    def __getitem__(self, wanted: slice) -> list[Article]:
        cut, before = [], 0
        for group in self.groups:
            first, last = max(wanted.start - before, 0), min(wanted.stop - before, group.number)
            before += group.number
            if first < last:
                cut.append((group, first, last))
        statements = [group.sql(first, last) for group, first, last in cut if group.own is None]
        rows = iter(fetch(statements, self.values) if statements else [])
        here: list[int] = []
        for group, first, last in cut:
            own = group.own
            here += [pk for (pk,) in next(rows)] if own is None else own[first:last]
        found = described(Article.objects.filter(pk__in=here)).in_bulk()
        return [found[pk] for pk in here if pk in found]


def ordered(user: User, own: dict[int, Progress], *, status: str, mine: str) -> Groups:
    """Return what a person began, what waits for them, drafts, what they did, the rest."""
    values: dict[str, object] = {
        "own": [*own],
        "user": user.pk,
        "moderator": user.is_moderator,
        "wanted": [status] if status else [Status.OPEN, Status.DRAFT, Status.LOCKED],
    }
    statuses, numbers = fetch([STATUSES, NUMBERS], values)
    worked: dict[tuple[str, bool], list[int]] = {}
    for pk, now in statuses:
        worked.setdefault((now, own[pk].done >= own[pk].total), []).append(pk)

    def own_of(status: str, done: bool) -> list[Group]:
        pks = worked.get((status, done), [])
        return [Group(status, len(pks), own=pks)]

    def all_of(status: str) -> list[Group]:
        if mine in (Work.BEGUN, Work.DONE):
            return own_of(status, mine == Work.DONE)
        others = mine == Work.UNREAD or status == Status.OPEN
        less = sum(len(worked.get((status, done), [])) for done in (True, False))
        left = dict(numbers).get(status, 0) - (less if others else 0)
        return [Group(status, left, others_only=others)]

    every = mine == ""
    groups = [
        *(own_of(Status.OPEN, False) if every else []),
        *(all_of(Status.OPEN)),
        *(all_of(Status.DRAFT)),
        *(own_of(Status.OPEN, True) if every else []),
        *(all_of(Status.LOCKED)),
        *(all_of(Status.ARCHIVED)),
    ]
    return Groups([group for group in groups if group.status in dict(numbers)], values)


def described(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Each with its number of sentences, without text."""
    last = Sentence.objects.filter(article=OuterRef("pk")).order_by("-position")
    total = Subquery(last.values("position")[:1]) + 1
    return articles.annotate(sentences_total=total).defer("text", "search")


# --- Searching: each article in the configuration that its search column was made with -----


class Ranked:
    """The articles that a search found, the best first; of very many only the newest."""

    def __init__(self, newest: list[int], found: models.QuerySet[Article]) -> None:
        self.more = len(newest) > MOST_RANKED
        self.number, self.found = len(newest[:MOST_RANKED]), found

    def count(self) -> int:
        return self.number

    def __getitem__(self, wanted: slice) -> list[Article]:
        return list(self.found[wanted])


def search(user: User, own: dict[int, Progress], q: str, *, status: str, mine: str) -> Ranked:
    """Return the articles that match, the best hit first; of equals as `ordered` has them."""
    begun = [pk for pk, progress in own.items() if progress.done < progress.total]
    done = [pk for pk, progress in own.items() if progress.done >= progress.total]
    visible = Article.objects.visible_to(user)
    found = visible.filter(status=status) if status else visible.standing()
    if mine == Work.UNREAD:
        found = found.exclude(pk__in=own)
    elif mine:
        found = found.filter(pk__in=begun if mine == Work.BEGUN else done)
    found = found.filter(_matches(q))
    newest = [*found.order_by("-pk").values_list("pk", flat=True)[: MOST_RANKED + 1]]
    ranked = described(Article.objects.filter(pk__in=newest[:MOST_RANKED])).annotate(
        rank=_by_language(lambda to: _rank(q, to)), turn=_turn(begun, done)
    )
    return Ranked(newest, ranked.order_by("-rank", "turn", "-pk"))


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


ENGLISH = Q(language__startswith="en")


def _by_language(expression: Callable[[str], models.Expression]) -> Case:
    return Case(When(ENGLISH, then=expression("english")), default=expression("simple"))


def _matches(q: str) -> Q:
    # Not a Case: in this form PostgreSQL looks both up in the index.
    return (ENGLISH & Q(search=sought(q, "english"))) | (
        ~ENGLISH & Q(search=sought(q, "simple"))
    )


def _rank(q: str, config: str) -> SearchRank:
    # Divided by the logarithm of the length: a long story is not better for being long.
    return SearchRank(
        F("search"), sought(q, config), cover_density=True, normalization=Value(1)
    )


# --- Hits ---------------------------------------------------------------------------------


def find_hits(articles: Iterable[Article], q: str) -> dict[int, tuple[str, str, str]]:
    """Return title, outlet and the best places of the text, with each hit marked."""
    body = Substr("text", Length("title") + 3, SEARCHED)
    whole = {"highlight_all": True}
    places = {"max_fragments": 2, "min_words": 8, "max_words": 24, "fragment_delimiter": " … "}

    def headline(of: str | models.Expression, options: dict) -> Case:
        return _by_language(
            lambda config: SearchHeadline(
                _guarded(of),
                sought(q, config),
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


def _guarded(text: str | models.Expression) -> Func:
    """Return a text in which PostgreSQL finds the words that the search column has."""
    text = Replace(text, Value("<"), Value(LESS_THAN))
    return Func(
        Replace(text, Value(SOFT_HYPHEN), Value("")),
        Value(f"([{SEPARATORS}]+)"),
        Value(rf"{SEPARATOR}&\1;"),
        Value("g"),
        function="regexp_replace",
        output_field=models.TextField(),
    )


def marked(text: str) -> SafeString:
    """Return a guarded `text` as HTML: all of it escaped, each hit in `<b class="hit">`."""
    text = re.sub(f"{SEPARATOR}&([^;]*);", r"\1", text.replace(LESS_THAN, "<"))
    pieces = re.split(f"{HIT}([^{HIT}{HIT_END}]*){HIT_END}", text)
    html = [
        f'<b class="hit">{escape(piece)}</b>' if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    ]
    return mark_safe("".join(html))  # noqa: S308 - every piece of it was escaped
