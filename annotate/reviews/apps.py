from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "annotate.reviews"
