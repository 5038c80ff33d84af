"""The site's settings as the tests run them: pytest loads these before anything else."""

import os

from annotate import embedded
from tests.processes import keep_database_in_memory

os.environ.setdefault("SECRET_KEY", "for tests only")
# Playwright runs an event loop in the thread of the test, which also asks the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
keep_database_in_memory()
embedded.prepare_environment()

from annotate.settings import *  # noqa: E402, F403

# A password is made for each person of each test: spend no time on making it hard to guess.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Straight from static/, without the names and copies that `collectstatic` makes.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
# A crash of the machine may take what a test committed.
DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"  # noqa: F405
# A second way to the same database, for tests/test_replica.py: nothing else goes there.
DATABASES["replica"] = {**DATABASES["default"], "TEST": {"MIRROR": "default"}}  # noqa: F405
