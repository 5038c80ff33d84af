"""Errors are reported to Sentry, or to what speaks its protocol, where an address is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .logs import request_id

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# Of an event. Not what was asked, by whom and from where, nor what the log had before.
KEPT = {
    *("event_id", "timestamp", "level", "platform", "logger", "exception", "transaction"),
    *("release", "environment", "server_name", "sdk", "modules"),
}


def start(dsn: str) -> None:
    """Report from now on to `dsn`."""
    import sentry_sdk  # takes a tenth of a second, and patches what it reports about

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,  # it would count requests there
        before_send=without_personal_data,
    )


def without_personal_data(event: Event, hint: Hint) -> Event:
    """Return of an event what the log tells as well, and the request's id as a tag.

    The log has the same id, and says what an exception said where that is harmless.
    """
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in KEPT}
    if event.get("transaction_info", {}).get("source") == "url":
        kept.pop("transaction", None)  # an address as it was asked for: no page has it
    for error in kept.get("exception", {}).get("values", []):
        error.pop("value", None)
    kept["tags"] = {"request": request_id.get()}
    return cast("Event", kept)
