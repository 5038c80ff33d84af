"""Django's admin, with a site of our own."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "annotate.admin_site.AdminSite"
