"""Addresses of moderation. Those under `admin/` stand before the admin's own."""

from django.urls import path

from . import views_people, views_queue

urlpatterns = [
    path("admin/queue/", views_queue.queue, name="queue"),
    path("admin/queue/decide/", views_queue.decide, name="decide"),
    path("admin/queue/take-back/", views_queue.take_back, name="take_back"),
    path("admin/queue/<int:pk>/", views_queue.case, name="case"),
    path("admin/queue/<int:pk>/claim/", views_queue.claim_case, name="claim_case"),
    path("admin/queue/<int:pk>/release/", views_queue.release_case, name="release_case"),
    path("admin/people/", views_people.people_list, name="people"),
    path("admin/people/<int:pk>/", views_people.person, name="person"),
    path("admin/people/<int:pk>/decide/", views_people.decide_person, name="decide_person"),
    path(
        "admin/people/<int:pk>/sessions/", views_people.person_sessions, name="person_sessions"
    ),
    path(
        "admin/people/<int:pk>/first-tags/",
        views_people.person_first_tags,
        name="person_first_tags",
    ),
    path("admin/people/<int:pk>/erase/", views_people.erase_person, name="erase_person"),
]
