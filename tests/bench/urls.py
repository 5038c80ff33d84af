"""The site's own addresses, and the bare view."""

from django.urls import include, path

from . import views

handler500 = "annotate.views.server_error"

urlpatterns = [
    path("", include("annotate.urls")),
    path("bare/", views.bare, name="bare"),
]
