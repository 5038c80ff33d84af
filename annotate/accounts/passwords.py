"""Passwords that everybody here would try first."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError

# What the site is called and is about; the host's own name is one, too. In docs/security.md.
WORDS = (
    *("annotate", "annotation", "article", "claim", "evidence", "speculation"),
    *("moderator", "newsroom", "password", "reviewer"),
)


class WordsOfTheSiteValidator:
    """Refuses a password that is too short without the words of this site."""

    def __init__(self, min_length: int = 8) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: object = None) -> None:
        left = password.casefold()
        hosts = (label for host in settings.ALLOWED_HOSTS for label in host.split("."))
        for word in sorted({*WORDS, *hosts}, key=len, reverse=True):
            left = left.replace(word, "") if len(word) > 3 else left
        if len(left) < min(self.min_length, len(password)):
            raise ValidationError(
                "Too little is left of this password without the words that everybody here "
                "would try first."
            )

    def get_help_text(self) -> str:
        return f"Words of this site count for nothing, such as {WORDS[0]} or {WORDS[-1]}."
