from django.apps import AppConfig


class DiscussionConfig(AppConfig):
    name = "annotate.discussion"

    def ready(self) -> None:
        from annotate.reviews.signals import round_opened

        from .actions import adopt

        round_opened.connect(adopt, dispatch_uid="adopt_threads")
