from django.urls import path

from . import views, views_guideline

urlpatterns = [
    path("articles/<int:pk>/annotations/", views.annotate, name="annotate"),
    path("articles/<int:pk>/undo/", views.undo, name="undo"),
    path("articles/<int:pk>/redo/", views.redo, name="redo"),
    path("articles/<int:pk>/history/", views.history, name="history"),
    path("annotations/<int:pk>/", views.annotation, name="annotation"),
    path("annotations/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("sentences/<int:pk>/", views.sentence, name="sentence"),
    path("sentences/<int:pk>/reading/", views.reading, name="reading"),
    path("guideline/", views_guideline.guideline, name="guideline"),
    path("guideline/<slug:slug>/", views_guideline.versions, name="guideline_versions"),
]
