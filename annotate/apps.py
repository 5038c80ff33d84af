"""Apps of others that do one thing as we want it."""

from allauth.usersessions.apps import UserSessionsConfig as AllauthSessionsConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "annotate.admin_site.AdminSite"


class SessionsConfig(AllauthSessionsConfig):
    def ready(self) -> None:
        # Its own receiver asks for each session of the person, one by one.
        from allauth.account.signals import user_logged_in

        from annotate.accounts.sessions import note

        user_logged_in.connect(note, dispatch_uid="annotate.sessions")
