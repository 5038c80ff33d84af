"""A mail server that takes its time: it says when it has a mail, and waits to be let go."""

import threading

from django.core.mail.backends.locmem import EmailBackend

has_mail, go = threading.Event(), threading.Event()


class HeldBackend(EmailBackend):
    def send_messages(self, messages):
        has_mail.set()
        assert go.wait(10)
        return super().send_messages(messages)
