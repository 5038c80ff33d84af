from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "annotate.accounts"

    def ready(self) -> None:
        from . import events, roles, second_factor, sessions

        # Django makes an app's permissions after that app's migrations: grant them after
        # the last app that has any.
        last = apps.get_app_config("sessions")
        post_migrate.connect(
            roles.grant_permissions, sender=last, dispatch_uid="annotate.roles"
        )
        second_factor.connect()
        sessions.connect()
        events.connect()
