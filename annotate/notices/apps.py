from importlib import import_module

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "annotate.notices"

    def ready(self) -> None:
        import_module("annotate.notices.listeners")
