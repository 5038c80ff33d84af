"""Flags: ask moderators to look at a tag, a comment or how somebody works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotate.accounts.limits import limited
from annotate.accounts.models import User
from annotate.annotations import wording
from annotate.annotations.models import Annotation
from annotate.annotations.views import page_or_partial, see_other
from annotate.articles.models import Article
from annotate.discussion.models import Comment
from annotate.http import Request
from annotate.reviews.models import Assignment, Round
from annotate.reviews.parts import part_of
from annotate.reviews.people import People

from . import cases
from .forms_flags import FlagForm
from .models import WORDS, Case, Flag

PAGE = 50
THANKS = "Thank you: a moderator looks at it."


@dataclass(frozen=True, slots=True)
class Target:
    """What may be flagged, as the person who looks sees it."""

    kind: str  # as of its case
    thing: cases.Thing
    article: Article
    what: str  # "the tag Claim on sentence 4 by ben"
    quote: str
    back: str  # where it stands
    address: str  # of its form; empty where it can be flagged no more
    round: Round | None = None  # of how somebody works


@require_http_methods(["GET", "HEAD", "POST"])
@limited("flags")
def flag_annotation(request: Request, pk: int) -> HttpResponse:
    """Flag a tag that one sees."""
    found = Annotation.objects.visible_to(request.user).filter(pk=pk)
    tag = get_object_or_404(_with_all_of_tags(found))
    return _flag(request, _of_tag(tag, People.of(tag.round, request.user)))


@require_http_methods(["GET", "HEAD", "POST"])
@limited("flags")
def flag_comment(request: Request, pk: int) -> HttpResponse:
    """Flag a comment that one sees."""
    found = Comment.objects.visible_to(request.user).filter(pk=pk)
    comment = get_object_or_404(_with_all_of_comments(found))
    return _flag(request, _of_comment(comment, People.of(comment.thread.round, request.user)))


@require_http_methods(["GET", "HEAD", "POST"])
@limited("flags")
def flag_reviewer(request: Request, pk: int, number: int) -> HttpResponse:
    """Flag how a reviewer works in an article, by their number in its latest round."""
    visible = Article.objects.visible_to(request.user).defer("text", "search")
    article = get_object_or_404(visible, pk=pk)
    part = part_of(article, request.user)
    if part.round is None or not part.sees_all:
        raise Http404("There is no such reviewer.")
    seat = get_object_or_404(
        Assignment.objects.select_related("reviewer"), round=part.round_id, number=number
    )
    seat.round = part.round
    seat.round.article = article
    return _flag(request, _of_reviewer(seat, People.of(part.round, request.user)))


@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take one's own flag back."""
    own = Flag.objects.filter(by=request.user)
    flag = get_object_or_404(own.select_related("case"), pk=pk)
    cases.withdraw_flag(flag, by=request.user)
    said = "Your flag is taken back."
    target = targets_of([flag], request.user).get(flag.pk)
    if request.htmx and target and target.address:
        return _page(request, target, said=said)
    messages.success(request, said)
    return see_other(reverse("flags"))


@require_safe
def flags(request: Request) -> HttpResponse:
    """What the person flagged, the latest first."""
    own = (
        Flag.objects.filter(by=request.user)
        .select_related("case")
        .order_by("-created_at", "-pk")
    )
    page = Paginator(own, PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    targets = targets_of(rows, request.user)
    context = {"page": page, "rows": [(one, targets.get(one.pk)) for one in rows]}
    return page_or_partial(request, "moderation/flags.html", "flags", context)


# --- What may be flagged ---------------------------------------------------------------------


def targets_of(flags: Sequence[Flag], user: User) -> dict[int, Target]:
    """Return what each flag is about, by the flag's number, where `user` still sees it.

    In as many queries for any number of flags.
    """
    tags = {
        tag.pk: tag
        for tag in _with_all_of_tags(
            Annotation.objects.visible_to(user).filter(
                pk__in=[one.case.annotation_id for one in flags]
            )
        )
    }
    comments = {
        comment.pk: comment
        for comment in _with_all_of_comments(
            Comment.objects.visible_to(user).filter(
                pk__in=[one.case.comment_id for one in flags]
            )
        )
    }
    seats = {
        (seat.round_id, seat.reviewer_id): seat
        for seat in Assignment.objects.select_related("round__article", "reviewer")
        .defer("round__article__text", "round__article__search")
        .filter(
            round__in=Round.objects.shared_with(user).filter(
                pk__in=[one.round_id for one in flags],
                article__in=Article.objects.visible_to(user),
            ),
            reviewer__in=[one.case.person_id for one in flags if one.round_id],
        )
    }
    rounds = [
        *(tag.round for tag in tags.values()),
        *(comment.thread.round for comment in comments.values()),
        *(seat.round for seat in seats.values()),
    ]
    people = People.of_each(rounds, user)
    found: dict[int, Target] = {}
    for one in flags:
        case = one.case
        if case.annotation_id in tags:
            tag = tags[case.annotation_id]
            found[one.pk] = _of_tag(tag, people[tag.round_id])
        elif case.comment_id in comments:
            comment = comments[case.comment_id]
            found[one.pk] = _of_comment(comment, people[comment.thread.round_id])
        elif one.round_id and (one.round_id, case.person_id) in seats:
            seat = seats[one.round_id, case.person_id]
            found[one.pk] = _of_reviewer(seat, people[seat.round_id])
    return found


def _with_all_of_tags(tags: Any) -> Any:
    rows = tags.select_related("article", "label", "reviewer", "round")
    return rows.defer("article__text", "article__search", "reviewer__preferences")


def _with_all_of_comments(comments: Any) -> Any:
    rows = comments.select_related("thread__article", "thread__round", "author")
    return rows.defer("thread__article__text", "thread__article__search", "author__preferences")


def _of_tag(tag: Annotation, people: People) -> Target:
    place = wording.place([tag.first_position, tag.last_position])
    return Target(
        kind=Case.Kind.TAG,
        thing=tag,
        article=tag.article,
        what=f"the tag {tag.label.name} on {place} by {people.name(tag.reviewer)}",
        quote=tag.exact,
        back=tag.get_absolute_url(),
        address=reverse("flag_annotation", args=[tag.pk]),
    )


def _of_comment(comment: Comment, people: People) -> Target:
    thread = comment.thread
    place = wording.place([thread.first_position, thread.last_position])
    return Target(
        kind=Case.Kind.COMMENT,
        thing=comment,
        article=thread.article,
        what=f"a comment by {people.name(comment.author)} on {place}",
        quote="" if comment.withdrawn_at else comment.text,
        back=comment.get_absolute_url(),
        address=reverse("flag_comment", args=[comment.pk]),
    )


def _of_reviewer(seat: Assignment, people: People) -> Target:
    """About how somebody works: never which other rounds they were in."""
    round = seat.round
    address = reverse("flag_reviewer", args=[round.article_id, seat.number])
    return Target(
        kind=Case.Kind.PERSON,
        thing=seat.reviewer,
        article=round.article,
        what=f"how {people.name(seat.reviewer)} works in round {round.number}",
        quote="",
        back=round.article.get_absolute_url(),
        address=address if round.latest else "",
        round=round,
    )


# --- One flag --------------------------------------------------------------------------------


def _flag(request: Request, target: Target) -> HttpResponse:
    if request.method != "POST":
        return _page(request, target)
    form = FlagForm(request.POST)
    if _is_own(target, request.user):
        return _page(request, target, status=403)
    if not form.is_valid():
        return _page(request, target, form=form, status=422)
    cases.flag(target.thing, by=request.user, round=target.round, **form.cleaned_data)
    if request.htmx:
        return _page(request, target, said=THANKS)
    messages.success(request, THANKS)
    return see_other(target.back)


def _page(
    request: Request,
    target: Target,
    *,
    form: FlagForm | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    own = _is_own(target, request.user)
    standing = None if own else _standing(target, request.user)
    initial = {"reason": standing.reason, "text": standing.text} if standing else {}
    context = {
        "target": target,
        "article": target.article,
        "refusal": cases.OWN if own else "",
        "standing": standing,
        "form": form or FlagForm(initial=initial),
        "said": said,
        "words": WORDS,
    }
    response = page_or_partial(request, "moderation/flag.html", "flag", context)
    response.status_code = 403 if own else status
    return response


def _is_own(target: Target, user: User) -> bool:
    match target.thing:
        case Annotation():
            return target.thing.reviewer_id == user.pk
        case Comment():
            return target.thing.author_id == user.pk
    return target.thing.pk == user.pk


def _standing(target: Target, user: User) -> Flag | None:
    """Return the flag of the person that stands on a thing."""
    match target.thing:
        case Annotation():
            about: dict[str, Any] = {"case__annotation": target.thing}
        case Comment():
            about = {"case__comment": target.thing}
        case _:
            about = {"case__person": target.thing, "case__kind": "person"}
    flags = Flag.objects.standing().select_related("case")
    return flags.filter(by=user, round=target.round, **about).first()
