"""`create_user NAME --role reviewer|moderator|admin`: make an account that can sign in."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import ArgumentParser

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from annotate.accounts import actions
from annotate.accounts.models import User
from annotate.accounts.roles import Role


class Command(BaseCommand):
    help = "Make an account. The password is read from ANNOTATE_PASSWORD, or asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name to sign in with")
        # Checked below: argparse would answer with its usage, we with one line.
        parser.add_argument("--role", default="", help="reviewer, moderator or admin")

    def handle(self, *, name: str, role: str, **options: object) -> None:
        if role not in Role.values:
            given = f", not “{role}”" if role else ""
            raise CommandError(f"Give --role as reviewer, moderator or admin{given}.")
        # A name that cannot be used is said before a password is asked for.
        if User.objects.filter(username=name).exists():
            raise CommandError(f"There is a user “{name}” already.")
        password = os.environ.get("ANNOTATE_PASSWORD") or ask_for_password()
        try:
            validate_password(password, User(username=name))
            actions.create_user(username=name, password=password, role=role)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except IntegrityError as error:
            raise CommandError(f"There is a user “{name}” already.") from error
        self.stdout.write(f"Made the {role} “{name}”.")


def ask_for_password() -> str:
    """Ask twice at the terminal. Raises CommandError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise CommandError(
            "Set ANNOTATE_PASSWORD, or run this in a terminal to be asked for it."
        )
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("The same again: ")
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("No password was given. No user was made.") from error
    if password != again:
        raise CommandError("The two passwords differ. No user was made.")
    return password
