"""The audit log: searched, read page by page, and taken out. Nobody changes it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate.accounts.limits import limited, refusal
from annotate.accounts.models import User
from annotate.admin_pages import admin_context, admin_page
from annotate.articles.models import Article
from annotate.exchange.records import utc
from annotate.exchange.spreadsheet import BYTE_ORDER_MARK, escape
from annotate.http import Request
from annotate.replica import from_replica
from annotate.wordsearch import among, beginnings, few

from . import wording
from .forms_revert import AuditForm
from .models import WHY_WORDS, AuditEntry

SHOWN = 50
BATCH = 1_000  # lines of an export that are read at once
COLUMNS = ("at", "kind", "by", "person", "article", "title", "before", "after", "why")
MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


@admin_page
@require_GET
@from_replica
def audit(request: Request) -> HttpResponse:
    """A page of the log, the newest first; `before` and `after` are numbers of lines."""
    form = AuditForm(request.GET)
    asked = {name: value for name in form.fields if (value := request.GET.get(name))}
    if asked and (refused := refusal(request, "searches")):
        return refused
    lines: list[Any] = []
    older = newer = None
    if form.is_valid():
        lines, older, newer = _page(_found(form), request)
    for line in lines:
        line.turns = wording.of_entry(line.before, line.after)
    context = admin_context(
        request,
        title="Audit log",
        form=form,
        lines=lines,
        older=older,
        newer=newer,
        asked=urlencode(asked),
    )
    status = 200 if form.is_valid() else 422
    return render(request, "moderation/audit.html", context, status=status)


@admin_page
@require_GET
@limited("exports", method="GET")
def audit_export(request: Request, format: str) -> HttpResponseBase:
    """Download what a search of the log finds, the newest first."""
    form = AuditForm(request.GET)
    if format not in MEDIA or not form.is_valid():
        raise Http404("There is no such export of the audit log.")
    lines = _in_batches(_found(form))
    return StreamingHttpResponse(
        _csv(lines) if format == "csv" else _jsonl(lines),
        content_type=MEDIA[format],
        headers={
            "Content-Disposition": f'attachment; filename="audit-log.{format}"',
            "Cache-Control": "private, no-store",
        },
    )


def _found(form: AuditForm) -> QuerySet[AuditEntry]:
    """Return the lines that a valid form asks for."""
    asked = form.cleaned_data
    lines = AuditEntry.objects.select_related("by", "person", "article", "annotation")
    lines = lines.defer("article__text", "article__search").order_by("-pk")
    for name in ("kind", "by", "person", "article"):
        if asked[name]:
            lines = lines.filter(**{name: asked[name]})
    if asked["since"]:
        lines = lines.filter(at__gte=asked["since"])
    if asked["until"]:
        lines = lines.filter(at__lt=asked["until"])
    if words := asked["q"]:
        # Looked up first, by indexes: joined, they are read for every line.
        people = User.objects.filter(public_name__icontains=words)
        found = Q(why__icontains=words)
        if match := beginnings(words):
            said = AuditEntry.objects.exclude(why="").alias(words=WHY_WORDS)
            numbers = few(said.filter(found, words=match))
            found = found if numbers is None else Q(pk__in=numbers)
        found |= among(people, "by") | among(people, "person")
        lines = lines.filter(found | among(Article.objects.named(words, "title"), "article"))
    return lines


def _page(
    lines: QuerySet[AuditEntry], request: Request
) -> tuple[list[AuditEntry], int | None, int | None]:
    """Return a page, and the numbers beyond which there are older and newer lines."""
    before, after = (_number(request.GET.get(name)) for name in ("before", "after"))
    if after is not None:
        found = [*lines.filter(pk__gt=after).order_by("pk")[: SHOWN + 1]]
        more, found = len(found) > SHOWN, found[:SHOWN][::-1]
        older, newer = True, more
    else:
        rows = lines if before is None else lines.filter(pk__lt=before)
        found = [*rows[: SHOWN + 1]]
        older, newer = len(found) > SHOWN, before is not None
        found = found[:SHOWN]
    if not found:
        return [], None, None
    return found, found[-1].pk if older else None, found[0].pk if newer else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def _in_batches(lines: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    """Yield lines without holding all of them, nor a transaction while a browser reads them.

    The log only grows: what is there when this begins is what it yields.
    """
    some = [*lines[:BATCH]]
    while some:
        yield from some
        some = [*lines.filter(pk__lt=some[-1].pk)[:BATCH]]


def _row(line: AuditEntry) -> dict[str, Any]:
    """Return a line as it is taken out, with people and stories as they are called now."""
    return {
        "at": utc(line.at),
        "kind": line.kind,
        "by": line.by.public_name if line.by else None,
        "person": line.person.public_name if line.person else None,
        "article": line.article_id,
        "title": line.article.title if line.article else None,
        "before": line.before,
        "after": line.after,
        "why": line.why,
    }


def _csv(lines: Iterator[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for line in lines:
        row = _row(line)
        row |= {name: row[name] and _json(row[name]) for name in ("before", "after")}
        yield writer.writerow([escape(row[column]) for column in COLUMNS])


def _jsonl(lines: Iterator[AuditEntry]) -> Iterator[str]:
    for line in lines:
        yield f"{_json(_row(line))}\n"


def _json(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)


class _Echo:
    def write(self, text: str) -> Any:
        return text
