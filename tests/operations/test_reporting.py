"""Reports of errors: what is said without the package, and what an event keeps."""

from __future__ import annotations

import sys

from django.apps import apps

from annotate.operations.logs import request_id
from annotate.operations.reporting import without_personal_data


def test_missing_package_is_said_in_one_line(monkeypatch, settings, caplog):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)  # importing it fails
    settings.SENTRY_DSN = "https://key@sentry.example/1"
    apps.get_app_config("operations").ready()
    assert caplog.messages == [
        "SENTRY_DSN is set, but errors are not reported: the package sentry-sdk is not "
        "installed. Install it: .venv/bin/python -m pip install sentry-sdk"
    ]


def test_without_an_address_nothing_is_said(monkeypatch, settings, caplog):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    settings.SENTRY_DSN = ""
    apps.get_app_config("operations").ready()
    assert caplog.messages == []


def test_event_keeps_where_it_failed_and_nothing_of_people():
    request_id.set("abc-1")
    frames = {"frames": [{"function": "annotate", "lineno": 7}]}
    event = {
        "event_id": "1",
        "level": "error",
        "transaction": "/articles/{pk}/annotations/",
        "exception": {
            "values": [{"type": "KeyError", "value": "A note", "stacktrace": frames}]
        },
        "request": {"url": "http://annotate.example/?q=words", "env": {"REMOTE_ADDR": "::1"}},
        "user": {"id": 1, "username": "ana"},
        "breadcrumbs": {"values": [{"message": "SELECT 'words'"}]},
        "logentry": {"message": "%s", "params": ["ana"]},
        "extra": {"sys.argv": ["ana"]},
    }
    assert without_personal_data(event, {}) == {
        "event_id": "1",
        "level": "error",
        "transaction": "/articles/{pk}/annotations/",
        "exception": {"values": [{"type": "KeyError", "stacktrace": frames}]},
        "tags": {"request": "abc-1"},
    }
