"""Undo what somebody did, or what happened in a story: shown first, then done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from annotate.accounts.models import User
from annotate.admin_pages import admin_context, admin_page
from annotate.annotations.models import Annotation, Change, Label, Reading
from annotate.annotations.states import State
from annotate.annotations.views import see_other
from annotate.articles.models import Article
from annotate.discussion.models import Comment, Step, Thread
from annotate.http import Request

from . import histories, reverts, wording
from .forms_revert import ConfirmForm, WhatForm
from .histories import Thing
from .models import Revert
from .refusals import ActionRefused, NotYours, Stale
from .reverts import Item, Plan, What
from .wording import Turn

SHOWN = 200  # lines of a page
LISTED = 50  # past reverts, and names to choose from


@admin_page
@require_http_methods(["GET", "HEAD", "POST"])
def revert(request: Request) -> HttpResponse:
    """Ask what to undo, show what that would change, and do it as it was shown."""
    asked = {name: request.GET[name] for name in WhatForm.base_fields if request.GET.get(name)}
    if not asked:
        return _page(request, WhatForm())
    form = WhatForm(asked)
    if not form.is_valid():
        return _page(request, form, status=422)
    what = form.what()
    try:
        if request.method == "POST":
            return _confirm(request, form, what)
        return _page(request, form, plan=reverts.plan(what, by=request.user))
    except ActionRefused as error:
        return _page(request, form, error=str(error), status=_status(error))


def _confirm(request: Request, form: WhatForm, what: What) -> HttpResponse:
    confirm = ConfirmForm(request.POST)
    if not confirm.is_valid():
        plan = reverts.plan(what, by=request.user)
        return _page(request, form, plan=plan, confirm=confirm, status=422)
    try:
        done = reverts.carry_out(what, by=request.user, **confirm.cleaned_data)
    except Stale as error:
        plan = reverts.plan(what, by=request.user)
        again = ConfirmForm(initial={"why": confirm.cleaned_data["why"]})
        return _page(request, form, plan=plan, confirm=again, error=str(error), status=409)
    messages.success(request, f"Done, as revert {done.pk}.")
    return see_other(reverse("revert_done", args=[done.pk]))


def _status(error: ActionRefused) -> int:
    return 403 if isinstance(error, NotYours) else 409


@admin_page
@require_GET
def revert_done(request: Request, pk: int) -> HttpResponse:
    """What a revert changed, with the way to undo it."""
    rows = Revert.objects.select_related("person", "article", "by", "of", "back")
    done = get_object_or_404(rows.defer("article__text", "article__search"), pk=pk)
    lines = [*(("change", one) for one in done.changes), *(("step", one) for one in done.steps)]
    page = Paginator(lines, SHOWN).get_page(request.GET.get("page"))
    context = admin_context(
        request,
        title=str(done),
        parents=[("Revert", reverse("revert"))],
        revert=done,
        back=Revert.objects.filter(of=done).first(),
        page=page,
        rows=_done_rows(page),
    )
    return render(request, "moderation/revert_done.html", context)


def _page(
    request: Request,
    form: WhatForm,
    *,
    plan: Plan | None = None,
    confirm: ConfirmForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """Answer the page: the form, and with it a plan, or the reverts of before."""
    of = form.cleaned_data.get("of") if form.is_bound and form.is_valid() else None
    context: dict[str, Any] = {"form": form, "error": error, "plan": plan, "of": of}
    if plan:
        page: Page = Paginator(plan.items, SHOWN).get_page(request.GET.get("page"))
        confirm = confirm or ConfirmForm()
        confirm.initial["shown"] = plan.digest
        asked = _asked(plan.what)
        context |= {
            "page": page,
            "rows": _rows(_of_items(page.object_list)),
            "counts": _counts(plan),
            "confirm": confirm,
            "digest": plan.digest,
            # The time up to which it was, so that the next look is of the same.
            "asked": urlencode(asked),
        }
    else:
        past = Revert.objects.select_related("person", "article", "by", "of")
        context["past"] = past.defer("article__text", "article__search")[:LISTED]
        context["people"] = User.objects.order_by("public_name")[:LISTED]
        context["stories"] = Article.objects.order_by("-pk").only("title")[:LISTED]
    title = f"Undo revert {of.pk}" if of else "Revert"
    page_context = admin_context(request, title=title, **context)
    return render(request, "moderation/revert.html", page_context, status=status)


def _asked(what: What) -> dict[str, Any]:
    if what.of:
        return {"of": what.of.pk}
    asked: dict[str, Any] = {
        "since": timezone.localtime(what.since).isoformat(),
        "until": timezone.localtime(what.until).isoformat(),
    }
    if what.person:
        asked["person"] = what.person.public_name
    if what.article:
        asked["article"] = what.article.pk
    return asked


def _counts(plan: Plan) -> str:
    """Return how much changes: "3 tags and 1 comment"."""
    parts = [
        f"{number:,} {name if number != 1 else name[:-1]}"
        for name, number in plan.counts.items()
        if number and name != "left"
    ]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


# --- Rows: what changes, in words ---------------------------------------------------------


class Row(NamedTuple):
    """A thing of a story, and what turns into what."""

    article: Article
    what: str
    words: str  # of the passage or the comment
    owner: User
    turns: list[Turn]
    stays: str
    refusal: str


class _Raw(NamedTuple):
    thing: Thing
    article: int
    owner: User
    before: State
    after: State
    stays: Sequence[str] = ()
    refusal: str = ""


def _of_items(items: Iterable[Item]) -> Iterator[_Raw]:
    for item in items:
        after = {**item.present, **item.goes} if not item.refusal else item.present
        yield _Raw(
            *(item.thing, item.article, item.owner, item.present, after),
            stays=item.stays,
            refusal=item.refusal,
        )


def _rows(raw: Iterable[_Raw]) -> list[Row]:
    """Return rows in words, in as many queries for any number of them."""
    raw = [*raw]
    labels = dict(Label.objects.values_list("slug", "name"))
    articles = Article.objects.defer("search")
    # The text only where a passage changes: it says which words.
    moved = {one.article for one in raw if _moves(one)}
    stories = articles.defer("text", "search").in_bulk({one.article for one in raw} - moved)
    texts = articles.in_bulk(moved)
    stories |= texts
    return [
        Row(
            article=stories[one.article],
            what=wording.about(one.thing, labels),
            words=_words(one.thing),
            owner=one.owner,
            turns=[
                *wording.turns(
                    one.thing,
                    one.before,
                    one.after,
                    labels,
                    texts[one.article].text if one.article in texts else "",
                )
            ],
            stays=" and ".join(wording.PARTS[part] for part in one.stays),
            refusal=one.refusal,
        )
        for one in raw
    ]


def _moves(raw: _Raw) -> bool:
    return any(raw.before.get(name) != raw.after.get(name) for name in ("start", "end"))


def _words(thing: Thing) -> str:
    if isinstance(thing, Annotation | Thread):
        return thing.exact
    return thing.text if isinstance(thing, Comment) else ""


def _done_rows(lines: Iterable[tuple[str, int]]) -> list[Row]:
    """Return rows for lines of the logs, by name of the log and number."""
    wanted: dict[str, list[int]] = {"change": [], "step": []}
    for log, number in lines:
        wanted[log].append(number)
    raw = [*_of_changes(wanted["change"]), *_of_steps(wanted["step"])]
    return _rows(sorted(raw, key=lambda one: one.article))


def _of_changes(numbers: Sequence[int]) -> Iterator[_Raw]:
    lines = Change.objects.filter(pk__in=numbers).select_related(
        *("annotation__label", "annotation__reviewer"),
        *("reading__sentence", "reading__reviewer"),
    )
    for line in lines.order_by("article", "pk"):
        thing: Annotation | Reading | None = line.annotation or line.reading
        assert thing is not None, "a database constraint holds this"
        before, after = line.before or {}, line.after or {}
        yield _Raw(thing, line.article_id, thing.reviewer, before, after)


def _of_steps(numbers: Sequence[int]) -> Iterator[_Raw]:
    chosen = Q(pk__in=numbers)
    steps = Step.objects.filter(chosen)
    comments = Comment.objects.select_related("thread", "author").in_bulk(
        _numbers(steps.exclude(comment=None), "comment")
    )
    texts = {number: comment.text for number, comment in comments.items()}
    logged = Step.objects.filter(comment__in=comments)
    for number, history in histories.of_comments(logged, texts, chosen):
        comment = comments[number]
        for line in (one for one in history if one.chosen):
            article = comment.thread.article_id
            yield _Raw(comment, article, comment.author, line.before or {}, line.after)
    ended = steps.filter(comment=None)
    threads = Thread.objects.select_related("created_by").in_bulk(_numbers(ended, "thread"))
    logged = Step.objects.filter(thread__in=threads)
    for number, history in histories.of_threads(logged, Q(pk__in=ended.values("pk"))):
        thread = threads[number]
        for line in (one for one in history if one.chosen):
            owner, before = thread.created_by, line.before or {}
            yield _Raw(thread, thread.article_id, owner, before, line.after)


def _numbers(steps: QuerySet[Step], thing: str) -> set[int]:
    return set(steps.order_by().values_list(thing, flat=True))
