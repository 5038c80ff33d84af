"""Many cases of every kind, made as people make them."""

from __future__ import annotations

from collections.abc import Sequence

from annotate.accounts.models import User
from annotate.annotations import actions as tagging
from annotate.annotations.models import Label
from annotate.discussion import actions as discussing
from annotate.moderation import cases, people
from annotate.moderation.models import Case, Reason
from tests.factories import make_article, make_user


def make_cases(
    author: User,
    flagger: User,
    moderator: User,
    *,
    tags: int,
    comments: int = 0,
    persons: int = 0,
    waiting: int = 0,
) -> Sequence[Case]:
    """Return open cases in the queue's order: tags and comments of `author`, and others."""
    label = Label.objects.get(slug="claim")
    reasons = list(Reason)
    story = make_article("A long story", _sentences(tags))
    for number, (start, end) in enumerate(_spans(story)):
        made = tagging.annotate(
            article=story, reviewer=author, label=label, start=start, end=end
        ).annotation
        cases.flag(made, by=flagger, reason=reasons[number % len(reasons)])
    start, end = _spans(story)[0]
    for number in range(comments):
        thread = discussing.begin_thread(
            story, by=author, start=start, end=end, text=f"Comment {number}"
        )
        cases.flag(thread.comments.get(), by=flagger, reason=Reason.ABUSIVE)
    for number in range(persons):
        person = make_user(f"person-{number}")
        cases.flag(person, by=flagger, reason=Reason.BAD_FAITH)
    if waiting:
        guarded = make_article("A guarded story", _sentences(waiting))
        people.premoderate_article(guarded, True, by=moderator)
        for start, end in _spans(guarded):
            tagging.annotate(
                article=guarded, reviewer=author, label=label, start=start, end=end
            )
    return list(Case.objects.open().in_order().select_related("annotation"))


def _sentences(number: int) -> str:
    return " ".join(f"The council met again in year {one}." for one in range(1, number + 1))


def _spans(story) -> list[tuple[int, int]]:
    return list(story.sentences.exclude(position=0).values_list("start", "end"))
