"""What a page asks for after an event: its own view of what changed."""

from __future__ import annotations

from typing import Any

from annotate.annotations.log import latest_change
from annotate.annotations.queries import legend
from annotate.annotations.story import View, tagged_sentences
from annotate.articles.models import Article
from annotate.reviews.parts import Part

from .actions import latest_event
from .events import News, news_since
from .presence import names_of


def changed_page(article: Article, part: Part, since: int, view: View) -> dict[str, Any]:
    """Return what changed for this person after the event `since`, for `markup.answer`.

    The number of the last event is read first: what happens from then on comes once more
    with the next answer, and is not left out.
    """
    event = latest_event(article, part.user, sees_all=part.sees_all)
    news = news_since(article, part.user, sees_all=part.sees_all, since=since)
    latest = latest_change(article, part)
    return {
        "article": article,
        "sentences": tagged_sentences(article, part, news.positions, view=view),
        "legend": legend(article, part),
        "event": event,
        "stale": news.stale,
        "can_undo": bool(latest and latest.undo_top_id),
        "can_redo": bool(latest and latest.redo_top_id),
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
