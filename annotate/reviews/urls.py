from django.urls import path

from . import views, views_round, views_work

urlpatterns = [
    path("work/", views_work.work, name="work"),
    path("reviews/", views_work.reviews, name="reviews"),
    path("reviews/assign/", views_work.assign, name="assign"),
    path("articles/<int:pk>/review/", views_round.review, name="review"),
    path("articles/<int:pk>/review/submit/", views.submit, name="submit_review"),
    path("articles/<int:pk>/review/reopen/", views.reopen, name="reopen_review"),
    path("articles/<int:pk>/review/rest/", views.read_the_rest, name="read_the_rest"),
    path("rounds/<int:pk>/reveal/", views.reveal, name="reveal_round"),
    path("rounds/<int:pk>/close/", views.close, name="close_round"),
]
