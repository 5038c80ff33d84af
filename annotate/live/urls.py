from django.urls import path

from . import views

urlpatterns = [
    path("articles/<int:pk>/live/", views.live, name="live"),
    path("articles/<int:pk>/changes/", views.changes, name="changes"),
    path("articles/<int:pk>/presence/", views.at_sentence, name="presence"),
]
