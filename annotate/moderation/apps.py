from importlib import import_module

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "annotate.moderation"

    def ready(self) -> None:
        import_module("annotate.moderation.audit")
        import_module("annotate.moderation.cases")
