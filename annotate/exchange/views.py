"""Pages that give an article's data away and take it back in."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from annotate.accounts.limits import limited
from annotate.annotations.views import see_other
from annotate.articles.actions import TextStands
from annotate.articles.models import Article
from annotate.articles.uploads import BUSY_SECONDS, Busy, place
from annotate.http import Request
from annotate.replica import from_replica

from . import formats
from .fields import ImportRefused
from .forms import ImportForm
from .importing import Imported, import_file
from .records import snapshot


@require_safe
@limited("exports", method="GET")
@from_replica
def export(request: Request, pk: int, format: str) -> HttpResponseBase:
    """Download an article in a format, with what the person may see of it."""
    visible = Article.objects.visible_to(request.user).defer("search")
    with snapshot():
        article = get_object_or_404(visible, pk=pk)
        try:
            found = formats.find(format)
        except formats.UnknownFormat as unknown:
            known = formats.FORMATS.values()
            context = {"article": article, "message": unknown, "formats": known}
            return render(request, "exchange/unknown_format.html", context, status=404)
        blocks = found.encode(article, request.user)
    return StreamingHttpResponse(
        blocks,
        content_type=found.media_type,
        headers={
            "Content-Disposition": content_disposition_header(True, found.file_name(article)),
            # What a person may see is theirs, and the next tag changes it.
            "Cache-Control": "private, no-store",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@limited("imports")
def import_jsonl(request: Request) -> HttpResponse:
    """Put a native export in. It makes records in other people's names: for moderators only."""
    if not request.user.is_moderator:
        raise PermissionDenied("Only moderators and admins may import an export.")
    form = ImportForm()
    standing, status = None, 200
    if request.method == "POST":
        form = ImportForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                with place(request.user):
                    done = import_file(
                        form.cleaned_data["file"].file, submitted_by=request.user
                    )
            except Busy as busy:
                form.add_error("file", f"{busy} Nothing was imported. Try again in a moment.")
                status = 503
            except ImportRefused as refused:
                form.add_error("file", str(refused))
            except TextStands as stands:
                standing = stands.article
                form.add_error("file", f"{stands} Nothing was imported.")
            else:
                messages.success(request, _imported(done))
                return see_other(done.article.get_absolute_url())
    if form.errors and status == 200:
        status = 422
    template = "exchange/import.html" + ("#import" if request.htmx else "")
    context = {"form": form, "standing": standing}
    response = render(request, template, context, status=status)
    if status == 503:
        response["Retry-After"] = str(BUSY_SECONDS)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _imported(done: Imported) -> str:
    counts = [
        f"{number:,} {noun}{'' if number == 1 else 's'}"
        for number, noun in (
            (done.sentences, "sentence"),
            (done.annotations, "tag"),
            (done.readings, "reading"),
        )
    ]
    return f"Imported “{done.article}”: {counts[0]}, {counts[1]}, {counts[2]}."
