from django.conf import settings
from django.db import models
from django.utils import timezone


class Line(models.Model):
    """What the bare view inserts. The benchmark makes its table: no migration does."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.text
