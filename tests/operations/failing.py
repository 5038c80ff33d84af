"""Settings of a site that has one page, which fails: for test_reporting.py."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from annotate.settings import *  # noqa: F403

ROOT_URLCONF = "tests.operations.failing"


@csrf_exempt
@login_not_required
def fail(request: HttpRequest, name: str) -> HttpResponse:
    note = request.POST["note"]
    logging.getLogger("annotate.trying").error("%s noted: %s", name, note)
    raise ValueError(note)


urlpatterns = [path("fail/<name>/", fail)]
