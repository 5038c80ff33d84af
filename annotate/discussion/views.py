"""Pages of discussions. Each works as a page of its own and, for the story's page, as a part.

Whatever is refused is answered with what was typed still in its field.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.accounts.limits import limited
from annotate.annotations.models import Label
from annotate.annotations.passages import refuse_closed
from annotate.annotations.views import page_or_partial, see_other
from annotate.articles.models import Article
from annotate.http import Request
from annotate.reviews.parts import Part, part_of

from . import actions, queries
from .forms import CommentForm, PassageForm, ResolveForm
from .models import COMMENT_LENGTH, Comment, Thread, ThreadQuerySet
from .parts import refusal
from .refusals import ActionRefused, ArticleClosed, NotAReviewer, NotYours, WrongPassage

PAGE = 50
FILTERS = {"": "All", "unresolved": "Unresolved", "resolved": "Resolved", "mine": "Begun by me"}


@require_GET
def threads(request: Request, pk: int) -> HttpResponse:
    """All threads of a story that the person sees, the unresolved first."""
    article = _article(request, pk)
    asked = request.GET.get("show", "")
    found = Thread.objects.visible_to(request.user).filter(article=article)
    shown = queries.in_order(_filtered(found, asked, request))
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    context = {
        "article": article,
        "page": page,
        "threads": queries.show(list(page.object_list), request.user),
        "asked": asked if asked in FILTERS else "",
        "filters": FILTERS.items(),
    }
    return page_or_partial(request, "discussion/threads.html", "threads", context)


@require_http_methods(["GET", "POST"])
@limited("comments")
def new_thread(request: Request, pk: int) -> HttpResponse:
    """Begin a thread on a passage or a sentence; those that stand there are shown first."""
    article = _article(request, pk)
    start, end = _passage(request, article)
    if request.method == "GET":
        return _new_page(request, article, start, end)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _new_page(request, article, start, end, form=form, status=422)
    try:
        thread = actions.begin_thread(
            article, by=request.user, start=start, end=end, **form.cleaned_data
        )
    except ActionRefused as error:
        return _new_page(request, article, start, end, form=form, error=error)
    return _done(request, thread)


@require_GET
def thread(request: Request, pk: int) -> HttpResponse:
    """One thread with its comments."""
    return _page(request, _thread(request, pk))


@require_POST
@limited("comments")
def comment(request: Request, pk: int) -> HttpResponse:
    """Add a comment to a thread."""
    thread = _thread(request, pk)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _page(request, thread, form=form, status=422)
    try:
        comment = actions.comment(thread, by=request.user, **form.cleaned_data)
    except ActionRefused as error:
        return _page(request, thread, form=form, error=error)
    return _done(request, thread, comment)


@require_http_methods(["GET", "POST"])
@limited("comments")
def edit_comment(request: Request, pk: int) -> HttpResponse:
    """Change one's own comment."""
    comment = _comment(request, pk)
    form = CommentForm(initial={"text": comment.text})
    error: ActionRefused | None = None
    status = 200
    if comment.author_id != request.user.pk:
        error = NotYours("This is another person's comment: only they can change it.")
    elif request.method == "POST":
        form = CommentForm(request.POST)
        status = 422
        if form.is_valid():
            text = form.cleaned_data["text"]
            try:
                actions.edit_comment(comment, by=request.user, text=text)
            except ActionRefused as refused:
                error = refused
            else:
                return _done(request, comment.thread, comment)
    context = {
        "comment": comment,
        "article": comment.thread.article,
        "editable": error is None and comment.withdrawn_at is None,
        "form": form,
        "error": error,
        "length": COMMENT_LENGTH,
    }
    response = page_or_partial(request, "discussion/edit.html", "edit", context)
    response.status_code = _status(error) if error else status
    return response


@require_POST
def withdraw_comment(request: Request, pk: int) -> HttpResponse:
    """Take one's own comment back."""
    comment = _comment(request, pk)
    return _small(
        request,
        comment.thread,
        lambda: actions.withdraw_comment(comment, by=request.user),
    )


@require_POST
@limited("comments")
def resolve(request: Request, pk: int) -> HttpResponse:
    """End a thread with an outcome."""
    thread = _thread(request, pk)
    form = ResolveForm(request.POST)
    if not form.is_valid():
        return _page(request, thread, resolve_form=form, status=422)
    asked = form.cleaned_data
    try:
        actions.resolve(
            thread,
            by=request.user,
            outcome=asked["outcome"],
            label=asked["label"],
            text=asked["sentence"],
        )
    except ActionRefused as error:
        return _page(request, thread, resolve_form=form, error=error)
    return _done(request, thread)


@require_POST
def reopen(request: Request, pk: int) -> HttpResponse:
    """Go on with a resolved thread."""
    thread = _thread(request, pk)
    return _small(request, thread, lambda: actions.reopen(thread, by=request.user))


# --- What these views have in common -------------------------------------------------------


def _article(request: Request, pk: int) -> Article:
    visible = Article.objects.visible_to(request.user).defer("text", "search")
    return get_object_or_404(visible, pk=pk)


def _thread(request: Request, pk: int) -> Thread:
    visible = Thread.objects.visible_to(request.user)
    return get_object_or_404(queries.with_all(visible), pk=pk)


def _comment(request: Request, pk: int) -> Comment:
    visible = Comment.objects.visible_to(request.user).select_related("thread__article")
    return get_object_or_404(
        visible.defer("thread__article__text", "thread__article__search"), pk=pk
    )


def _filtered(found: ThreadQuerySet, asked: str, request: Request) -> ThreadQuerySet:
    match asked:
        case "unresolved":
            return found.unresolved()
        case "resolved":
            return found.exclude(resolved_at=None)
        case "mine":
            return found.filter(created_by=request.user)
    return found


def _passage(request: Request, article: Article) -> tuple[int, int]:
    """Return the passage that the address names, by its offsets or by a sentence."""
    form = PassageForm(request.GET)
    if not form.is_valid():
        raise Http404("There is no such passage.")
    asked = form.cleaned_data
    if asked["sentence"]:
        sentence = get_object_or_404(article.sentences.all(), pk=asked["sentence"])
        return sentence.start, sentence.end
    start, end = asked["start"], asked["end"]
    if start is None or end is None or end <= start:
        raise Http404("There is no such passage.")
    return start, end


def _new_page(
    request: Request,
    article: Article,
    start: int,
    end: int,
    *,
    form: CommentForm | None = None,
    error: ActionRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    part = part_of(article, request.user)
    try:
        passage = actions.read_passage(article, part, start, end)
    except WrongPassage as wrong:
        raise Http404(str(wrong)) from wrong
    positions = [one.position for one in passage.sentences]
    standing = queries.touching(article, request.user, positions[0], positions[-1])
    closed = _closed(article, part, part.round_id)
    context = {
        "article": article,
        "part": part,
        "start": start,
        "end": end,
        "exact": passage.exact,
        "place": queries.wording.place(positions),
        "threads": queries.show(list(standing[:PAGE]), request.user),
        "closed": closed,
        "form": form or CommentForm(initial={"request": uuid.uuid4()}),
        "error": error,
        "length": COMMENT_LENGTH,
    }
    response = page_or_partial(request, "discussion/new.html", "new", context)
    response.status_code = _status(error) if error else status
    return response


def _page(
    request: Request,
    thread: Thread,
    *,
    form: CommentForm | None = None,
    resolve_form: ResolveForm | None = None,
    error: ActionRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    article = thread.article
    part = part_of(article, request.user)
    gap = Thread.Outcome.GAP
    outcomes = [one for one in Thread.Outcome if one != gap or request.user.is_moderator]
    context = {
        "shown": queries.show([thread], request.user)[0],
        "thread": thread,
        "article": article,
        "part": part,
        "closed": _closed(article, part, thread.round_id),
        "form": form or CommentForm(initial={"request": uuid.uuid4()}),
        "resolve_form": resolve_form or ResolveForm(),
        "outcomes": outcomes,
        "labels": Label.objects.defer("guideline") if request.user.is_moderator else (),
        "error": error,
        "length": COMMENT_LENGTH,
    }
    response = page_or_partial(request, "discussion/thread.html", "thread", context)
    response.status_code = _status(error) if error else status
    return response


def _closed(article: Article, part: Part, round: int | None) -> str:
    """Return why nothing may be written now; empty if it may."""
    try:
        refuse_closed(article)
    except ArticleClosed as error:
        return str(error)
    return str(refusal(part, round) or "")


def _small(request: Request, thread: Thread, action: Callable[[], object]) -> HttpResponse:
    try:
        action()
    except ActionRefused as error:
        return _page(request, _thread(request, thread.pk), error=error)
    return _done(request, thread)


def _done(request: Request, thread: Thread, comment: Comment | None = None) -> HttpResponse:
    """Answer the thread as it is now: to htmx, else by the way to its page."""
    if not request.htmx:
        return see_other((comment or thread).get_absolute_url())
    return _page(request, _thread(request, thread.pk))


def _status(error: ActionRefused) -> int:
    match error:
        case NotAReviewer() | NotYours():
            return 403
        case ArticleClosed():
            return 409
    return 422
