from django.apps import AppConfig
from django.conf import settings


class OperationsConfig(AppConfig):
    name = "annotate.operations"

    def ready(self) -> None:
        from . import reporting

        if settings.SENTRY_DSN:
            reporting.start(settings.SENTRY_DSN)
