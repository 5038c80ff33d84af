"""The site's own settings, with the bare view that a tag is measured against."""

from annotate.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
INSTALLED_APPS += ["tests.bench"]  # noqa: F405
_after = MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware")  # noqa: F405
MIDDLEWARE.insert(_after + 1, "tests.bench.middleware.PlainDjango")  # noqa: F405
