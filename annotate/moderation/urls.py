"""Addresses of moderation. Those under `admin/` stand before the admin's own."""

from django.urls import path

from . import views_queue

urlpatterns = [
    path("admin/queue/", views_queue.queue, name="queue"),
    path("admin/queue/decide/", views_queue.decide, name="decide"),
    path("admin/queue/take-back/", views_queue.take_back, name="take_back"),
    path("admin/queue/<int:pk>/", views_queue.case, name="case"),
    path("admin/queue/<int:pk>/claim/", views_queue.claim_case, name="claim_case"),
    path("admin/queue/<int:pk>/release/", views_queue.release_case, name="release_case"),
]
