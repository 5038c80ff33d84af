"""What every answer tells the browser, and what other sites may not ask of ours.

The policy for scripts and styles is Django's middleware: `SECURE_CSP` in the settings.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
# Whatever a page of ours might ever be made to ask of a device.
FORBIDDEN = (
    *("accelerometer", "browsing-topics", "camera", "display-capture"),
    *("geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment"),
    *("serial", "usb"),
)
HEADERS = {
    # What a page says is for the person who asked. Static files say otherwise themselves.
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Heeded by documents alone. A page loads fifteen scripts and styles, each with its headers.
OF_DOCUMENTS = {"Permissions-Policy": ", ".join(f"{feature}=()" for feature in FORBIDDEN)}
NO_DOCUMENTS = ("text/css", "text/javascript")
FRAMES = {"embed", "frame", "iframe", "object"}


class HeadersMiddleware:
    """Outside of what answers, static files and errors included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = HEADERS
        if not response.headers.get("Content-Type", "").startswith(NO_DOCUMENTS):
            headers = HEADERS | OF_DOCUMENTS
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response


class RefusingMiddleware:
    """Refuses methods that no page has, and what another site's page would load of ours.

    Links from anywhere lead here; whether a form may be sent, its token tells.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if is_loaded_by_another_site(request):
            said = "Another site may not load this. Open it in the browser itself.\n"
            return HttpResponse(said, status=403, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


class NotAllowedMiddleware:
    """Shows a page where an address is opened that takes forms only, or the other way round."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and "HX-Request" not in request.headers:
            response.content = render_to_string("405.html", request=request)
        return response


def is_loaded_by_another_site(request: HttpRequest) -> bool:
    """Whether the browser says so; a link that a person followed is none."""
    fetch = {
        name: request.headers.get(f"Sec-Fetch-{name}") for name in ("Site", "Mode", "Dest")
    }
    followed = fetch["Mode"] == "navigate" and fetch["Dest"] not in FRAMES
    return fetch["Site"] == "cross-site" and not followed


class SecureCookieMessages(CookieStorage):
    """Messages in a cookie that only this very host can set, over HTTPS."""

    cookie_name = "__Host-messages"


class SecureMessages(FallbackStorage):
    storage_classes = (SecureCookieMessages, SessionStorage)
