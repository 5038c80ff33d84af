from django.urls import path

from . import views, views_new

urlpatterns = [
    path("", views.articles, name="articles"),
    path("articles/new/", views_new.new, name="new_article"),
    path("articles/<int:pk>/", views.article, name="article"),
    path("articles/<int:pk>/status/", views.status, name="article_status"),
]
