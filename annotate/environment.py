"""Secrets may stand in files instead of the environment, as containers hand them in."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# Each may be named with `_FILE` behind it.
SECRETS = (
    *("DATABASE_URL", "DATABASE_DIRECT_URL", "DATABASE_REPLICA_URL"),
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS"),
    *("EMAIL_HOST_PASSWORD", "SENTRY_DSN", "METRICS_TOKEN"),
)


def read_secret_files() -> None:
    """Put what stands in files into this process's environment, from where it is read.

    White space around a secret is dropped. Raises ImproperlyConfigured, with one line.
    """
    for name in SECRETS:
        if path := os.environ.pop(f"{name}_FILE", ""):
            if os.environ.get(name):
                raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Keep one.")
            os.environ[name] = _read(f"{name}_FILE", path)


def _read(variable: str, path: str) -> str:
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{variable}: cannot read “{path}”: {error.strerror}."
        ) from error
    except ValueError as error:
        raise ImproperlyConfigured(f"{variable}: “{path}” is no UTF-8 text.") from error
    if not secret:
        raise ImproperlyConfigured(f"{variable}: “{path}” is empty.")
    return secret
