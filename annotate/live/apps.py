from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "annotate.live"

    def ready(self) -> None:
        from . import signals

        signals.connect()
