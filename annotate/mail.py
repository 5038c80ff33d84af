"""Mail of a site without a mail server: printed as a person reads it."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend


class Console(EmailBackend):
    """Django's prints what a mail server would get: lines broken, so that no link works."""

    def write_message(self, message: EmailMessage) -> None:
        to = ", ".join(message.recipients())
        self.stream.write(f"Mail to {to}: {message.subject}\n\n{message.body}\n{'-' * 79}\n")
