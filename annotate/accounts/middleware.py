"""Everybody signs in; a request from a script is told so instead of being sent elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Every page asks to sign in unless its view says `login_not_required`.

    With htmx, and for an event stream, the answer is 401, so that the page that asked stays
    as it is and can send its unsaved work again after the sign-in. After a form of a page
    without a script, the sign-in leads back to the page with the form.
    """

    def process_view(self, request, view_func, view_args, view_kwargs):
        # A page that one person left open does not send their work in the name of the next
        # who signed in in this browser.
        sender = request.headers.get("X-Person")
        if sender and sender != str(request.user.pk):
            return self.handle_no_permission(request, view_func)
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func
    ) -> HttpResponseBase:
        # An EventSource would follow to the sign-in page and call it a broken stream.
        stream = "text/event-stream" in request.headers.get("Accept", "")
        if getattr(request, "htmx", False) or stream:
            return HttpResponse("Your session has ended. Sign in again.", status=401)
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        messages.warning(
            request,
            "Your session has ended, and what you just sent was not saved. "
            "Sign in and send it again.",
        )
        return redirect_to_login(page_of(request))


def page_of(request: HttpRequest) -> str:
    """Return the page of ours that a form was sent from; the first page if it is not known."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    if page.netloc != request.get_host() or not page.path.startswith("/"):
        return "/"
    return page._replace(scheme="", netloc="", fragment="").geturl()
