"""What is done to articles: put one in, open it, lock it, archive it."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotate.accounts.models import User

from .models import Article, Sentence
from .sentences import split_body
from .signals import imported, status_changed
from .text import TextRefused, canonical_body, canonical_title, compose_text

Status = Article.Status


class StoryRefused(ValueError):
    """Why a story cannot be put in, in words for the person."""


class TextStands(StoryRefused):
    """The same text stands as another article."""

    def __init__(self, article: Article) -> None:
        self.article = article
        super().__init__(f"This text already stands as article {article.pk}, “{article}”.")


def create_article(
    *,
    title: str,
    body: str,
    submitted_by: User | None,
    outlet: str = "",
    byline: str = "",
    url: str = "",
    published: datetime.date | None = None,
    language: str = "en",
    status: str = Status.OPEN,
    joins: Collection[int] = (),
    cuts: Collection[int] = (),
) -> Article:
    """Store a story with its sentences.

    `joins` and `cuts` are offsets in the canonical body, see `split_body`.
    Raises TextRefused for a character of the body that cannot be stored, StoryRefused over a
    limit, TextStands if the same text stands already, ValidationError by field for the rest.
    """
    title, body = _line("title", title), canonical_body(body)
    if not title:
        raise ValidationError({"title": "The story has no headline. Write one."})
    check_size(body)
    paragraphs = split_body(body, joins=joins, cuts=cuts)
    check_sentences(sum(map(len, paragraphs)))
    article = Article(
        title=title,
        outlet=_line("outlet", outlet),
        byline=_line("byline", byline),
        url=url.strip(),
        published=published,
        language=language,
        text=compose_text(title, body),
        status=status,
        submitted_by=submitted_by,
    )
    article.digest = Article.digest_of(article.text)
    if standing := standing_text(article.digest):
        raise TextStands(standing)
    # The constraints on the text hold by what was done above; asking the database about
    # them would send it the text once more.
    article.full_clean(exclude=["text"], validate_constraints=False)
    try:
        with transaction.atomic():
            article.save()
            _store_sentences(article, paragraphs)
            imported.send(Article, article=article, by=submitted_by)
    except IntegrityError as error:
        # Somebody put the same text in between the look and the save.
        if "article_text_stands_once" not in str(error):
            raise
        if standing := standing_text(article.digest):
            raise TextStands(standing) from error
        raise
    return article


def standing_text(digest: str) -> Article | None:
    """Return the article whose text has this digest, unless it is archived."""
    return Article.objects.standing().defer("text", "search").filter(digest=digest).first()


def check_limits(body: str, sentences: int) -> None:
    """Raise StoryRefused if a body is blank or larger than the settings allow."""
    check_size(body)
    check_sentences(sentences)


def check_size(body: str) -> None:
    """Raise StoryRefused if a body is blank or larger than the settings allow."""
    if not body.strip():
        raise StoryRefused("The story has no text. Paste it or choose a file.")
    size = len(body.encode())
    if size > settings.STORY_MAX_BYTES:
        raise StoryRefused(
            f"The story has {size:,} bytes of text; {settings.STORY_MAX_BYTES:,} is the most. "
            "Put it in as several stories."
        )


def check_sentences(number: int) -> None:
    """Raise StoryRefused if a body has more sentences than the settings allow."""
    if number > settings.STORY_MAX_SENTENCES:
        raise StoryRefused(
            f"The story has {number:,} sentences; {settings.STORY_MAX_SENTENCES:,} is the "
            "most. Put it in as several stories."
        )


def _line(field: str, raw: str) -> str:
    """Return one line of metadata as it is stored. Raises ValidationError for its field."""
    try:
        return canonical_title(raw)
    except TextRefused as error:
        raise ValidationError({field: str(error)}) from error


def _store_sentences(article: Article, paragraphs: list[list[tuple[int, int]]]) -> None:
    """Store the headline and the sentences of the body; offsets there are the body's."""
    headline = len(article.title)
    shift = headline + 2  # the blank line
    sentences = [Sentence(article=article, position=0, paragraph=0, start=0, end=headline)]
    for number, spans in enumerate(paragraphs, start=1):
        sentences += [
            Sentence(
                article=article,
                position=position,
                paragraph=number,
                start=shift + start,
                end=shift + end,
            )
            for position, (start, end) in enumerate(spans, start=len(sentences))
        ]
    Sentence.objects.bulk_create(sentences, batch_size=5_000)


# From each status, those it may be given. Nothing leads back to draft: an article that
# was open may have been tagged.
MOVES: dict[str, set[str]] = {
    Status.DRAFT: {Status.OPEN, Status.ARCHIVED},
    Status.OPEN: {Status.LOCKED, Status.ARCHIVED},
    Status.LOCKED: {Status.OPEN, Status.ARCHIVED},
    Status.ARCHIVED: {Status.OPEN, Status.LOCKED},
}


def moves_of(user: User, article: Article) -> set[str]:
    """The statuses that `user` may give an article that they may change at all.

    Only moderators archive: an archived story is seen by everybody, a draft is not.
    """
    moves = MOVES[article.status]
    return moves if user.is_moderator else moves - {Status.ARCHIVED}


@transaction.atomic
def set_status(article: Article, status: str, *, by: User | None = None) -> Article:
    """Open, lock or archive an article; the lock orders it against tags on their way.

    Raises ValidationError if the status may not follow the present one, or if an archived
    text stands meanwhile as another article.
    """
    article = Article.objects.select_for_update(no_key=True).get(pk=article.pk)
    if status == article.status:
        return article
    if status not in MOVES[article.status]:
        raise ValidationError(
            f"{'An' if article.status[0] in 'ao' else 'A'} {article.status} article "
            f"cannot become {status}."
        )
    standing = Article.objects.standing().filter(digest=article.digest).exclude(pk=article.pk)
    if article.status == Status.ARCHIVED and standing.exists():
        raise ValidationError(
            "The same text stands as another article. Archive that one first."
        )
    # What is tagged belongs to a round, if there is any: opening one opens the article.
    if status == Status.OPEN and article.rounds.filter(latest=True, state="closed").exists():
        raise ValidationError("The review round of this story is closed. Open another round.")
    store_status(article, status, by=by)
    return article


def store_status(article: Article, status: str, *, by: User | None) -> None:
    """Give a locked article a status that it may have."""
    before, article.status = article.status, status
    if before == status:
        return
    article.save(update_fields=["status"])
    status_changed.send(Article, article=article, before=before, after=status, by=by)
