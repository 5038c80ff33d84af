"""The bare view: what any page costs that checks who asks and stores one line."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from .models import Line


@require_POST
def bare(request: HttpRequest) -> HttpResponse:
    line = Line.objects.create(by=request.user, text=request.POST["text"])
    return render(request, "bench/bare.html", {"line": line})
