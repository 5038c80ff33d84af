from django.urls import path

from . import views

urlpatterns = [
    path("articles/<int:pk>/threads/", views.threads, name="threads"),
    path("articles/<int:pk>/threads/new/", views.new_thread, name="new_thread"),
    path("threads/<int:pk>/", views.thread, name="thread"),
    path("threads/<int:pk>/comments/", views.comment, name="comment"),
    path("threads/<int:pk>/resolve/", views.resolve, name="resolve_thread"),
    path("threads/<int:pk>/reopen/", views.reopen, name="reopen_thread"),
    path("comments/<int:pk>/", views.edit_comment, name="edit_comment"),
    path("comments/<int:pk>/withdraw/", views.withdraw_comment, name="withdraw_comment"),
]
