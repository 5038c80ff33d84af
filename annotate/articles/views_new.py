"""Putting a story in: paste it or choose a file, check what was read, save it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import (
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
    ValidationError,
)
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from annotate.accounts.limits import refusal
from annotate.annotations.views import see_other
from annotate.http import Request

from . import actions
from .forms import CheckForm, Refused, StartForm
from .models import Article
from .reading import Story
from .sentences import Span, cut_at, join_at, words
from .uploads import BUSY_SECONDS, Busy, StoryUpload, drain, place

# A sentence longer than this is cut in several steps where there is no JavaScript.
MOST_WORDS = 500


@dataclass
class Paragraph:
    """A paragraph as the page shows it; `first` is the number of its first sentence."""

    number: int
    first: int
    sentences: list[tuple[int, str]]  # start in the body, text


@dataclass
class Shown:
    """What is open and what was done in the list of sentences. Offsets count in the body."""

    focus: int | None = None
    words: list[tuple[int, str]] = field(default_factory=list)  # of the sentence at `focus`
    more: bool = False
    said: str = ""


class Place(NamedTuple):
    """A sentence: its number and its paragraph's, from 1, and its span."""

    number: int
    paragraph: int
    start: int
    end: int


# Exempt only until the size is known: a form that is too large gets an answer in words, and
# `_new` checks the token of every other.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_headers("HX-Request")
def new(request: Request) -> HttpResponse:
    """Put a story in."""
    if request.method == "POST":
        request.upload_handlers = [StoryUpload(request)]
        try:
            request.POST  # noqa: B018 - reads the request
        except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
            drain(request)
            return _start(request, _too_large(), status=422)
        except MultiPartParserError:
            return _start(request, _too_large("The form did not arrive whole."), status=422)
    return _new(request)


@csrf_protect
def _new(request: Request) -> HttpResponse:
    sent = request.POST
    if request.method != "POST":
        return _start(request, StartForm())
    steps = ("step", "join", "cut", "cutting", "whole")
    changes = any(name in sent for name in steps[1:]) or sent.get("step") == "check"
    if (request.FILES or not changes) and (refused := refusal(request, "stories")):
        return refused
    if request.FILES or sent.get("step") == "read":
        return _read(request)
    if not any(name in sent for name in steps):
        # A program's: with a headline it is a story to save.
        return _save(request) if "title" in sent and "text" in sent else _read(request)
    return _save(request) if sent.get("step") in ("save", "draft") else _check(request)


def _read(request: Request) -> HttpResponse:
    """Read the text or the file, and show it as a story to check."""
    form = StartForm(request.POST, request.FILES)
    try:
        with place(request.user) if request.FILES else nullcontext():
            valid = form.is_valid()
    except Busy as busy:
        return _busy(request, busy)
    if not valid:
        return _start(request, form, status=422)
    story = form.story
    notes = list(story.notes)
    if request.FILES and request.POST.get("text", "").strip():
        notes.append("The file was read. The pasted text beside it was left out.")
    check = CheckForm({**_fields(story), "text": story.body})
    if not check.is_valid() and "text" in check.errors:
        form.add_error("file" if request.FILES else "text", check.errors["text"])
        return _start(request, form, status=422)
    return _show(request, check, _unbound(check), notes=notes)


def _fields(story: Story) -> dict[str, Any]:
    return {
        "title": story.title,
        "outlet": story.outlet,
        "byline": story.byline,
        "url": story.url,
        "published": story.published.isoformat() if story.published else "",
        "language": story.language or "en",
    }


def _check(request: Request) -> HttpResponse:
    """Join, cut or show anew what the story was split into."""
    check = CheckForm(request.POST)
    check.full_clean()
    if "text" in check.errors:
        return _show(request, check, check, status=422)
    if check.text_changed or "step" in request.POST:
        return _show(request, check, _unbound(check), Shown(said=_split_again(check)))
    shown = _change(check, request.POST)
    if request.htmx and shown.focus is not None:
        number = _place(check, shown.focus).paragraph
        paragraph = next(_paragraphs(check, number))
        context = {**_context(check, shown), "paragraph": paragraph}
        return render(request, "articles/new.html#changed", context)
    return _show(request, check, _unbound(check), shown)


def _save(request: Request) -> HttpResponse:
    """Store the story, or say what is to be corrected first."""
    check = CheckForm(request.POST)
    valid = check.is_valid()
    if check.dropped:
        return _show(request, check, check, unsaved=_split_again(check), status=422)
    if not valid:
        return _show(request, check, check, status=422)
    status = (
        Article.Status.DRAFT if request.POST.get("step") == "draft" else Article.Status.OPEN
    )
    try:
        article = actions.create_article(
            **check.story(), status=status, submitted_by=request.user
        )
    except actions.TextStands as error:
        return _show(request, check, check, standing=error.article, status=409)
    except Refused as error:
        check.add_error("text", str(error))
    except ValidationError as error:
        check.add_error(None, error)
    else:
        address = article.get_absolute_url()
        return HttpResponseClientRedirect(address) if request.htmx else see_other(address)
    return _show(request, check, check, status=422)


# --- Joining and cutting -------------------------------------------------------------------


def _change(check: CheckForm, sent: Any) -> Shown:
    """Carry out the button that was pressed; say what happened and where the focus goes."""
    name = next((name for name in ("join", "cut", "cutting", "whole") if name in sent), "")
    value = sent.get(name, "")
    offset = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1
    if not 0 <= offset < len(check.body):
        return Shown(said="There is no sentence at this place.")
    if name == "join":
        return _join(check, offset)
    if name == "cut":
        return _cut(check, offset)
    place = _place(check, offset)
    if name == "whole":
        return Shown(focus=place.start)
    pieces = words(check.body[place.start : place.end], most=MOST_WORDS)
    return Shown(
        focus=place.start,
        words=[
            (place.start + start, check.body[place.start + start : place.start + end])
            for start, end in pieces
        ],
        more=len(pieces) == MOST_WORDS,
    )


def _join(check: CheckForm, offset: int) -> Shown:
    before = _place(check, offset)
    if not _apply(check, *join_at(offset, check.joined, check.cut)):
        return Shown(focus=before.start, said="There is nothing to join here.")
    after = _place(check, offset)
    return Shown(
        focus=after.start,
        said=f"Sentences {after.number} and {before.number} are one now.",
    )


def _cut(check: CheckForm, offset: int) -> Shown:
    before = _place(check, offset)
    if not _apply(check, *cut_at(check.body, offset, check.joined, check.cut)):
        return Shown(focus=before.start, said="There is nothing to cut here.")
    after = _place(check, offset)
    return Shown(
        focus=after.start,
        said=f"Sentence {before.number} was cut in two: {before.number} and {after.number}.",
    )


def _apply(check: CheckForm, joined: set[int], cut: set[int]) -> bool:
    """Split by these joins and cuts, unless that changes nothing."""
    before = check.joined, check.cut, check.paragraphs
    check.joined, check.cut = joined, cut
    check.split_again()
    if check.paragraphs != before[2]:
        return True
    check.joined, check.cut, check.paragraphs = before
    return False


def _place(check: CheckForm, offset: int) -> Place:
    """Return the sentence at `offset`, or the one after it, or the last."""
    number = 0
    for paragraph, spans in enumerate(check.paragraphs, start=1):
        if spans[-1][1] > offset:
            for index, (start, end) in enumerate(spans, start=1):
                if end > offset:
                    return Place(number + index, paragraph, start, end)
        number += len(spans)
    return Place(number, len(check.paragraphs), *check.paragraphs[-1][-1])


# --- Pages ---------------------------------------------------------------------------------


def _start(request: Request, form: StartForm, status: int = 200) -> HttpResponse:
    template = "articles/new.html" + ("#start" if request.htmx else "")
    return render(request, template, {"form": form}, status=status)


def _busy(request: Request, busy: Busy) -> HttpResponse:
    """Keep what was typed; the browser does not let a page choose the file again."""
    form = StartForm(request.POST)
    form.errors.clear()
    form.add_error("file", f"{busy} Choose the file once more in a moment.")
    response = _start(request, form, status=503)
    response["Retry-After"] = str(BUSY_SECONDS)
    return response


def _too_large(message: str = "") -> StartForm:
    form = StartForm({})
    form.errors.clear()
    form.add_error(
        "text",
        message
        or "This is more than can be sent at once. Put it in as several stories, or as a file.",
    )
    return form


def _show(
    request: Request,
    check: CheckForm,
    form: CheckForm,
    shown: Shown | None = None,
    *,
    notes: list[str] | None = None,
    standing: Article | None = None,
    unsaved: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the story to check: `check` has its sentences, `form` its fields and errors.

    `unsaved` says why it was not saved although nothing of it is wrong.
    """
    context = {
        **_context(check, shown or Shown()),
        "form": form,
        "paragraphs": _paragraphs(check),
        "notes": request.POST.getlist("note") if notes is None else notes,
        "unsaved": unsaved,
    }
    if standing:
        visible = Article.objects.visible_to(request.user).filter(pk=standing.pk)
        context |= {"stands": True, "standing": visible.defer("text", "search").first()}
    if not request.htmx:
        return render(request, "articles/new.html", context, status=status)
    # The page asked for one paragraph; this is more.
    whole = {"HX-Retarget": "#check", "HX-Reswap": "outerHTML"}
    answer = render(request, "articles/new.html#check", context, status=status)
    for name, value in whole.items():
        answer[name] = value
    return answer


def _context(check: CheckForm, shown: Shown) -> dict[str, Any]:
    return {
        "check": check,
        "language": check.data.get("language") or "en",
        "shown": shown,
        "sentence_count": sum(map(len, check.paragraphs)),
        "paragraph_count": len(check.paragraphs),
        "joins": " ".join(map(str, sorted(check.joined))),
        "cuts": " ".join(map(str, sorted(check.cut))),
    }


def _paragraphs(check: CheckForm, only: int | None = None) -> Iterator[Paragraph]:
    first = 1
    for number, spans in enumerate(check.paragraphs, start=1):
        if only in (None, number):
            yield Paragraph(number, first, [_sentence(check.body, span) for span in spans])
        first += len(spans)


def _sentence(body: str, span: Span) -> tuple[int, str]:
    return span[0], body[slice(*span)]


def _unbound(check: CheckForm) -> CheckForm:
    """Return the form with what was sent, and not yet with what is wrong with it."""
    return CheckForm(initial={name: check.data.get(name, "") for name in check.fields})


def _split_again(check: CheckForm) -> str:
    if not check.text_changed:
        return ""
    if not check.dropped:
        return "The text was changed, so it was split again."
    what = "join or cut" if check.dropped == 1 else "joins and cuts"
    return (
        f"The text was changed, so it was split again. Your {check.dropped} {what} "
        "in the text as it was before had to be dropped: check the sentences."
    )
