"""Everybody signs in; a request from a script is told so instead of being sent elsewhere."""

from __future__ import annotations

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Every page asks to sign in unless its view says `login_not_required`.

    With htmx the answer is 401, so that the page that asked stays as it is and can send
    its unsaved work again after the sign-in.
    """

    def process_view(self, request, view_func, view_args, view_kwargs):
        # A page that one person left open does not send their work in the name of the next
        # who signed in in this browser.
        sender = request.headers.get("X-Person")
        if sender and sender != str(request.user.pk):
            return self.handle_no_permission(request, view_func)
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func) -> HttpResponse:
        if getattr(request, "htmx", False):
            return HttpResponse("Your session has ended. Sign in again.", status=401)
        return super().handle_no_permission(request, view_func)
