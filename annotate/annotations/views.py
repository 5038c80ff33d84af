"""Tagging: each view carries out one action and answers the sentences that it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotate.articles.models import Article, Sentence
from annotate.http import Request
from annotate.moderation.queries import latest_about
from annotate.replica import from_replica
from annotate.reviews.parts import Part, part_of
from annotate.reviews.people import People

from . import actions, differences, markup, queries, story, wording
from .forms import IN_ORDER, EditForm, PassageForm, ReadingForm, RequestForm
from .models import Annotation, Change, Label


@require_POST
def annotate(request: Request, pk: int) -> HttpResponse:
    """Put a label on a passage."""
    form = PassageForm(request.POST)
    if not form.is_valid():
        # Only now: the action settles for itself whether the article is there to be tagged.
        article = _article(request, pk)
        sentence = None if request.htmx else _sentence_of_form(request, article)
        if sentence and form.is_out_of_order:
            return _sentence_page(request, sentence, form)
        return _invalid(request, form, pk)
    asked = form.cleaned_data
    since = asked.pop("since")
    article = Article(pk=pk)
    return _carry_out(
        request,
        pk,
        since,
        lambda: actions.annotate(
            article=article, reviewer=request.user, toggle="toggle" in request.POST, **asked
        ),
    )


@require_http_methods(["GET", "POST"])
def annotation(request: Request, pk: int) -> HttpResponse:
    """Look at one annotation, or change it."""
    annotation = _annotation(request, pk)
    if request.method == "GET":
        return _panel(request, annotation)
    if annotation.reviewer_id != request.user.pk:
        return _forbidden(request)
    form = EditForm(request.POST, annotation=annotation)
    if not form.is_valid():
        if form.is_out_of_order and not request.htmx:
            return _panel(request, annotation, form)
        return _invalid(request, form, annotation.article_id)
    asked = form.cleaned_data
    since = asked.pop("since")
    changes = {
        name: value
        for name, value in asked.items()
        if name in request.POST or name == "request"
    }
    return _carry_out(
        request,
        annotation.article_id,
        since,
        lambda: actions.edit(annotation, by=request.user, **changes),
    )


@require_POST
def withdraw(request: Request, pk: int) -> HttpResponse:
    """Take one's own annotation back."""
    annotation = _annotation(request, pk)
    if annotation.reviewer_id != request.user.pk:
        return _forbidden(request)
    return _small(request, annotation.article_id, actions.withdraw, annotation)


@require_POST
def undo(request: Request, pk: int) -> HttpResponse:
    return _small(request, pk, actions.undo, _article(request, pk))


@require_POST
def redo(request: Request, pk: int) -> HttpResponse:
    return _small(request, pk, actions.redo, _article(request, pk))


@require_POST
def reading(request: Request, pk: int) -> HttpResponse:
    """Say that there is nothing to tag in a sentence; again, take that back."""
    sentence = _sentence(request, pk)
    return _small(request, sentence.article_id, actions.set_reading, sentence)


@require_GET
def sentence(request: Request, pk: int) -> HttpResponse:
    """Tag one sentence, or a passage that begins in it, without JavaScript."""
    return _sentence_page(request, _sentence(request, pk))


@require_GET
@from_replica
def history(request: Request, pk: int) -> HttpResponse:
    """What was done by the person, or to their work, the latest first; moderators see all."""
    article = _article(request, pk)
    changes = (
        Change.objects.filter(article=article)
        .select_related(
            *("by", "annotation__label", "reading__sentence"),
            *("target__annotation__label", "target__reading__sentence"),
        )
        .order_by("-pk")
    )
    if not request.user.is_moderator:
        # With what moderators did to one's own work, but not who of them.
        of_own = Q(annotation__reviewer=request.user) | Q(reading__reviewer=request.user)
        changes = changes.filter(Q(by=request.user) | Q(of_own, kind__in=Change.BY_MODERATORS))
    page = Paginator(changes, 100).get_page(request.GET.get("page"))
    labels = dict(Label.objects.values_list("slug", "name"))
    lines = list(queries.history(article, list(page), labels))
    context = {"article": article, "page": page, "lines": lines}
    return page_or_partial(request, "annotations/history.html", "lines", context)


# --- What these views have in common -------------------------------------------------------


def _article(request: Request, pk: int) -> Article:
    visible = Article.objects.visible_to(request.user).defer("text", "search")
    return get_object_or_404(visible, pk=pk)


def _annotation(request: Request, pk: int) -> Annotation:
    visible = Annotation.objects.visible_to(request.user).select_related(
        "article", "label", "reviewer", "round"
    )
    return get_object_or_404(visible.defer("article__text", "article__search"), pk=pk)


def _sentence(request: Request, pk: int) -> Sentence:
    visible = Sentence.objects.filter(article__in=Article.objects.visible_to(request.user))
    sentences = visible.select_related("article").defer("article__text", "article__search")
    return get_object_or_404(sentences, pk=pk)


def _small(request: Request, article: int, action: Callable, thing: object) -> HttpResponse:
    """Carry out an action that takes one thing and little else."""
    form = (
        ReadingForm(request.POST)
        if action is actions.set_reading
        else RequestForm(request.POST)
    )
    if not form.is_valid():
        return _invalid(request, form, article)
    asked = form.cleaned_data
    since = asked.pop("since")
    return _carry_out(request, article, since, lambda: action(thing, by=request.user, **asked))


def _carry_out(
    request: Request, pk: int, since: int | None, action: Callable[[], actions.Done]
) -> HttpResponse:
    """Run an action, and answer the sentences it changed or why it was refused."""
    try:
        done = action()
    except Article.DoesNotExist:
        return _refused(request, "There is no such article.", pk=None, status=404)
    except actions.NotAReviewer as error:
        return _refused(request, str(error), pk=pk, status=403)
    except actions.ArticleClosed as error:
        return _refused(request, str(error), pk=pk, status=409)
    except actions.ActionRefused as error:
        return _refused(request, str(error), pk=pk, status=422)
    except actions.AlreadyDone as again:
        done = actions.done_before(again.change, request.user)
    if not request.htmx:
        return see_other(queries.anchor(done))
    view = story.View(request.POST.get("view", ""))
    answer = queries.answer(done, since, view)
    return HttpResponse(markup.answer(answer, markup.said(answer["said"])))


def _sentence_of_form(request: Request, article: Article) -> Sentence | None:
    """Return the sentence on whose page a passage was chosen, without JavaScript."""
    number = request.POST.get("sentence", "")
    is_number = number.isdecimal() and len(number) < 19
    return article.sentences.filter(pk=int(number)).first() if is_number else None


def _sentence_page(
    request: Request, sentence: Sentence, form: PassageForm | None = None
) -> HttpResponse:
    """A sentence with its forms; a `form` that is out of order comes back as it was filled."""
    article = sentence.article
    following = article.sentences.filter(
        position__range=(sentence.position, sentence.position + 4)
    )
    rows = list(story.with_text(following))
    part = part_of(article, request.user)
    people = People.of(part.round, request.user)
    [tagged], _ = story.tagged_sentences(article, part, [sentence.position])
    tags = (
        Annotation.objects.live()
        .visible_to(request.user)
        .current()
        .filter(article=article)
        .touching(sentence.position, sentence.position)
        .select_related("label", "reviewer")
        .in_reading_order()
    )
    return render(
        request,
        "annotations/sentence.html",
        {
            "article": article,
            "sentence": tagged,
            "refusal": part.refusal(),
            "text": rows[0].text,
            "words": [(row, story.words(row.text, row.start)) for row in rows],
            "labels": Label.objects.all(),
            "annotations": [(tag, people.name(tag.reviewer)) for tag in tags],
            "chosen": form.cleaned_data if form else sentence,
            "problem": IN_ORDER if form else "",
        },
        status=422 if form else 200,
    )


def _panel(
    request: Request, annotation: Annotation, form: EditForm | None = None
) -> HttpResponse:
    """One annotation with its form; its reviewer may change it while the article is open.

    A `form` that is out of order comes back as it was filled.
    """
    part = part_of(annotation.article, request.user)
    people = People.of(annotation.round, request.user)
    sentences = annotation.article.sentences.filter(
        position__range=(annotation.first_position - 1, annotation.last_position + 1)
    )
    mine = annotation.reviewer_id == request.user.pk
    editable = (
        mine
        and annotation.is_live
        and annotation.article.is_open
        and annotation.round_id == part.round_id
        and part.refusal() is None
    )
    if form and not editable:
        return _invalid(request, form, annotation.article_id)
    moderated = annotation.corrected_at or (annotation.hidden_at and not annotation.pending)
    return page_or_partial(
        request,
        "annotations/detail.html",
        "panel",
        {
            "annotation": annotation,
            "article": annotation.article,
            "place": wording.place([annotation.first_position, annotation.last_position]),
            "editable": editable,
            "by": people.name(annotation.reviewer),
            "seat": None if mine else _seat(annotation, part),
            "decision": latest_about(annotation, request.user) if mine and moderated else None,
            "others": differences.others_on(annotation, request.user, people),
            "labels": Label.objects.all(),
            "confidences": range(1, 6),
            "words": story.words_around(sentences, annotation.start, annotation.end),
            "chosen": form.cleaned_data if form else annotation,
            "problem": IN_ORDER if form else "",
        },
        status=422 if form else 200,
    )


def _seat(annotation: Annotation, part: Part) -> int | None:
    """Return the number of a tag's reviewer in the round, if the person may know of it."""
    if part.round is None or annotation.round_id != part.round_id or not part.sees_all:
        return None
    seats = part.round.assignments.filter(reviewer=annotation.reviewer_id)
    return seats.values_list("number", flat=True).first()


def _invalid(request: Request, form: RequestForm, pk: int) -> HttpResponse:
    errors = [
        (
            str(form.fields[name].label or name.capitalize()) if name in form.fields else "",
            error,
        )
        for name, found in form.errors.get_json_data().items()
        for error in (str(one["message"]) for one in found)
    ]
    message = " ".join(f"{name}: {error}" if name else error for name, error in errors)
    return _refused(request, message, pk=pk, status=422)


def _forbidden(request: Request) -> HttpResponse:
    message = "This is another reviewer's tag: only they can change it."
    return _refused(request, message, pk=None, status=403)


def _refused(request: Request, message: str, *, pk: int | None, status: int) -> HttpResponse:
    """Say why nothing was changed: to htmx as the page's message, else as a page."""
    template = "annotations/refused.html" + ("#message" if request.htmx else "")
    return render(request, template, {"message": message, "article_pk": pk}, status=status)


def page_or_partial(
    request: Request,
    page: str,
    partial: str,
    context: Mapping[str, object],
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a page, or for htmx only the partial of it; caches keep the two apart."""
    template = f"{page}#{partial}" if request.htmx else page
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def see_other(url: str) -> HttpResponse:
    """Answer a POST with the page to look at next."""
    return HttpResponse(status=303, headers={"Location": url})
