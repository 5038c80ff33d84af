from django.urls import path

from . import views

urlpatterns = [
    path("articles/import/", views.import_jsonl, name="import_jsonl"),
    path("articles/<int:pk>/export/<str:format>/", views.export, name="export"),
]
