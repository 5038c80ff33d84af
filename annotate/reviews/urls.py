from django.urls import path

from . import views

urlpatterns = [
    path("articles/<int:pk>/review/submit/", views.submit, name="submit_review"),
    path("articles/<int:pk>/review/reopen/", views.reopen, name="reopen_review"),
    path("articles/<int:pk>/review/rest/", views.read_the_rest, name="read_the_rest"),
    path("rounds/<int:pk>/reveal/", views.reveal, name="reveal_round"),
    path("rounds/<int:pk>/close/", views.close, name="close_round"),
]
