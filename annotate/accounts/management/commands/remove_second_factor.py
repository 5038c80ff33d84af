"""`remove_second_factor NAME`: for a person whose device is lost."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from annotate.accounts import second_factor
from annotate.accounts.models import User


class Command(BaseCommand):
    help = "Remove a person's second factor and end their sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name to sign in with")

    def handle(self, *, name: str, **options: object) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user “{name}”.")
        if not second_factor.remove(user):
            raise CommandError(f"“{name}” has no second factor.")
        self.stdout.write(f"Removed the second factor of “{name}”.")
