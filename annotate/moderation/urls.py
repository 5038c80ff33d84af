"""Addresses of moderation. Those under `admin/` stand before the admin's own."""

from django.urls import path

from . import (
    views_audit,
    views_decisions,
    views_erasure,
    views_flags,
    views_people,
    views_premoderation,
    views_queue,
    views_revert,
)

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
    path("annotations/<int:pk>/flag/", views_flags.flag_annotation, name="flag_annotation"),
    path("comments/<int:pk>/flag/", views_flags.flag_comment, name="flag_comment"),
    path(
        "articles/<int:pk>/reviewers/<int:number>/flag/",
        views_flags.flag_reviewer,
        name="flag_reviewer",
    ),
    path("flags/", views_flags.flags, name="flags"),
    path("flags/<int:pk>/withdraw/", views_flags.withdraw, name="withdraw_flag"),
    path("decisions/", views_decisions.decisions, name="decisions"),
    path("decisions/<uuid:number>/", views_decisions.decision, name="decision"),
    path("decisions/<uuid:number>/appeal/", views_decisions.appeal, name="appeal"),
    path("accounts/erasure/", views_erasure.ask, name="ask_for_erasure"),
    path("accounts/erasure/withdraw/", views_erasure.withdraw, name="withdraw_erasure"),
    path(
        "articles/<int:pk>/premoderation/",
        views_premoderation.premoderation,
        name="premoderation",
    ),
    path("admin/revert/", views_revert.revert, name="revert"),
    path("admin/revert/<int:pk>/", views_revert.revert_done, name="revert_done"),
    path("admin/audit/", views_audit.audit, name="audit"),
    path("admin/audit/<str:format>/", views_audit.audit_export, name="audit_export"),
]
