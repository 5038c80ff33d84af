"""Addresses of the site. Which of them other programs rely on: docs/development.md."""

from django.contrib import admin
from django.urls import include, path

from annotate import views
from annotate.accounts.limits import too_many

handler429 = too_many  # django-allauth looks for it here
handler500 = views.server_error

urlpatterns = [
    path("", include("annotate.annotations.urls")),  # first: what is asked for most
    path("healthz/", views.healthz, name="healthz"),
    path("readyz/", views.readyz, name="readyz"),
    path("", include("annotate.moderation.urls")),  # some of it inside the admin: before it
    path("admin/", admin.site.urls),
    path("accounts/", include("annotate.accounts.urls")),
    path("", include("annotate.articles.urls")),
    path("", include("annotate.exchange.urls")),
    path("", include("annotate.discussion.urls")),
    path("", include("annotate.live.urls")),
    path("", include("annotate.reviews.urls")),
]
