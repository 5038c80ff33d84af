"""Everybody signs in; a request from a script is told so instead of being sent elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.core.exceptions import MiddlewareNotUsed, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from annotate.sent import what_was_sent

from . import second_factor, sessions
from .limits import hurried
from .models import User


class SessionMiddleware(DjangoSessionMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        """Begin a session, or go on with the one that the cookie names.

        A cookie may name it with NUL in between (`"\\000"`), which PostgreSQL takes in no text.
        """
        if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Every page asks to sign in unless its view says `login_not_required`.

    With htmx, and for an event stream, the answer is 401, so that the page that asked stays
    as it is and can send its unsaved work again after the sign-in. A form of a page without a
    script is in the answer, to be sent again; one with a file or a secret is not, and there the
    sign-in leads back to its page.

    Who is suspended is told so by every page but those that are `open_to_suspended`.
    """

    def process_view(self, request, view_func, view_args, view_kwargs):
        # A page that one person left open does not send their work in the name of the next
        # who signed in in this browser.
        sender = request.headers.get("X-Person")
        if sender and sender != str(request.user.pk):
            return self.handle_no_permission(request, view_func)
        answer = super().process_view(request, view_func, view_args, view_kwargs)
        if answer is None and getattr(view_func, "login_required", True):
            sessions.keep(request.session)
            answer = hurried(request)
        return answer or self.handle_suspended(request, view_func)

    def handle_suspended(self, request, view_func) -> HttpResponseBase | None:
        """Answer a suspended person, unless the view is open to them or to everybody."""
        everybody = not getattr(view_func, "login_required", True)
        if everybody or getattr(view_func, "open_to_suspended", False):
            return None  # without asking who it is: a health check tells of the database
        if not (request.user.is_authenticated and request.user.is_suspended):
            return None
        # A page like any other, which looks anywhere.
        from annotate.moderation import views_decisions

        return views_decisions.suspended(request)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func
    ) -> HttpResponseBase:
        # An EventSource would follow to the sign-in page and call it a broken stream.
        if getattr(request, "htmx", False) or is_stream(request):
            return HttpResponse("Your session has ended. Sign in again.", status=401)
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        sent = what_was_sent(request)
        if sent and sent.has_more_than_a_token:
            context = {"sent": sent, "page": page_of(request)}
            return render(request, "accounts/session_ended.html", context, status=401)
        messages.warning(
            request,
            "Your session has ended, and what you just sent was not saved. "
            "Sign in and send it again.",
        )
        return redirect_to_login(page_of(request))


class SecondFactorMiddleware:
    """Whoever moderates and did not show the second factor goes on as a reviewer.

    The admin, and what only moderators may, lead to setting one up, or to showing it. Where
    everybody is asked, all pages do but those of the account.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not second_factor.is_on():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        user = request.user
        if isinstance(user, User):
            second_factor.confine(request.session, user)
            everybody = second_factor.is_for_everybody() and not is_of_account(
                request, view_func
            )
            if user.confined and (everybody or request.path.startswith(reverse("admin:index"))):
                return self.lead(request, user)
        return None

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        user = request.user
        if isinstance(user, User) and user.confined and isinstance(exception, PermissionDenied):
            return self.lead(request, user)
        return None

    def lead(self, request: HttpRequest, user: User) -> HttpResponseBase:
        """Lead to where the second factor is set up or, where there is one, asked for."""
        what = "This site" if second_factor.is_for_everybody() else "Moderating"
        if getattr(request, "htmx", False) or is_stream(request):
            return HttpResponse(f"{what} needs your second factor.", status=403)
        if not second_factor.has_one(user):
            messages.warning(request, set_up())
            return redirect("mfa_index")
        page = get_adapter().get_reauthentication_methods(user)[0]["url"]
        back = request.get_full_path() if request.method == "GET" else page_of(request)
        return redirect(f"{page}?{urlencode({'next': back})}")


def set_up() -> str:
    what = "This site" if second_factor.is_for_everybody() else "Moderating"
    return f"{what} needs a second factor. Set one up here, then go on."


def is_stream(request: HttpRequest) -> bool:
    return "text/event-stream" in request.headers.get("Accept", "")


def is_of_account(request: HttpRequest, view_func: Any) -> bool:
    """Whether a page is open without the second factor: to sign in, out, and set one up."""
    everybody = not getattr(view_func, "login_required", True)
    return everybody or request.path.startswith("/accounts/")


def page_of(request: HttpRequest) -> str:
    """Return the page of ours that a form was sent from; the first page if it is not known."""
    try:
        page = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    address = page._replace(scheme="", netloc="", fragment="").geturl()
    # A path may begin with two slashes, and would lead to another host by itself.
    ours = page.netloc == request.get_host() and url_has_allowed_host_and_scheme(address, None)
    return address if ours else "/"
