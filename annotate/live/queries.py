"""What a page asks for after an event: its own view of what changed."""

from __future__ import annotations

from typing import Any

from django.db import connection

from annotate.accounts.models import User
from annotate.annotations.log import LATEST_CHANGE, undo_and_redo
from annotate.annotations.queries import LEGEND, legend_of
from annotate.annotations.story import View, tagged_sentences
from annotate.articles.models import Article, ArticleQuerySet
from annotate.reviews.parts import PART, Part, part_from
from annotate.trips import fetch

from .events import LATEST, NEWS, News, news_of
from .presence import names_of

SEEN = ["id", "created_at"]
ARTICLE = f"""
    SELECT {", ".join(SEEN)} FROM articles_article
     WHERE id = %(article)s AND {ArticleQuerySet.VISIBLE_TO}
"""  # noqa: S608 - composed of constants


def seen_article(pk: int, user: User) -> tuple[Article, Part]:
    """Return an article with the person's part in its round.

    Raises Article.DoesNotExist also where they may not know of it.
    """
    values = {"article": pk, "user": user.pk, "moderator": user.is_moderator}
    found, part = fetch([ARTICLE, PART], values)
    if not found:
        raise Article.DoesNotExist
    article = Article.from_db(connection.alias, SEEN, found[0])
    return article, part_from(part[0] if part else None, user)


def changed_page(article: Article, part: Part, since: int, view: View) -> dict[str, Any]:
    """Return what changed for this person after the event `since`, for `markup.answer`.

    The number of the last event is read first: what happens from then on comes once more
    with the next answer, and is not left out.
    """
    values = {
        "article": article.pk,
        "user": part.user.pk,
        "round": part.round_id,
        "moderator": part.user.is_moderator,
        "everyone": part.sees_all,
        "since": since,
    }
    latest, events, changes = fetch([LATEST, NEWS, LATEST_CHANGE], values)
    news = news_of(events, article, part.user, since)
    sentences, (counts,) = tagged_sentences(article, part, news.positions, view, also=[LEGEND])
    can_undo, can_redo = undo_and_redo(changes)
    return {
        "article": article,
        "sentences": sentences,
        "legend": legend_of(counts),
        "event": latest[0][0] if latest else 0,
        "stale": news.stale,
        "can_undo": can_undo,
        "can_redo": can_redo,
        "by_others": len(news.by_others),
        "said": in_words(article, part, news),
    }


def in_words(article: Article, part: Part, news: News) -> str:
    """Return what others did, as a screen reader says it: one change, or how many."""
    number = len(news.by_others)
    people = {person for person, _ in news.by_others}
    if not number or len(people) != 1:
        return f"{number} changes by others" if number else ""
    (person,) = people
    named = names_of(article.pk, [person] if person else ())
    name = "somebody"
    if person in named:
        name = named[person].pseudonym if part.pseudonyms else named[person].name
    if number > 1:
        return f"{number} changes by {name}"
    position = news.by_others[0][1]
    return f"{name} changed {f'sentence {position}' if position else 'the headline'}"
