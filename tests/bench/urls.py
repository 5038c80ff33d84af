"""The site's own addresses, and the bare view with two ways to know who asks."""

from django.urls import include, path

from . import views

handler500 = "annotate.views.server_error"

urlpatterns = [
    path("", include("annotate.urls")),
    path("bare/", views.bare, name="bare"),
    path("plain/", views.bare, name="plain"),
]
