"""`create_user NAME --role …`: an account, or one line that says why not."""

import sys

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command, execute_from_command_line

from annotate.accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("ANNOTATE_PASSWORD", PASSWORD)


@pytest.mark.parametrize(
    ("role", "staff"), [("reviewer", False), ("moderator", True), ("admin", True)]
)
def test_account_of_each_role_can_sign_in(password, capsys, role, staff):
    call_command("create_user", "zoe", "--role", role)

    zoe = authenticate(username="zoe", password=PASSWORD)
    assert zoe
    assert (zoe.roles, zoe.is_staff, zoe.public_name) == ({role}, staff, "zoe")
    assert capsys.readouterr().out == f"Made the {role} “zoe”.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["zoe"], "Give --role as reviewer, moderator or admin."),
        (
            ["zoe", "--role", "owner"],
            "Give --role as reviewer, moderator or admin, not “owner”.",
        ),
        (["ana", "--role", "admin"], "There is a user “ana” already."),
        (
            ["z oe", "--role", "admin"],
            "Enter a valid username. This value may contain only letters, "
            "numbers, and @/./+/-/_ characters.",
        ),
    ],
)
def test_wrong_arguments_are_one_line(ana, password, arguments, said):
    with pytest.raises(CommandError) as error:
        call_command("create_user", *arguments)
    assert str(error.value) == said
    assert User.objects.count() == 1


def test_public_name_of_another_is_taken(ana, password):
    User.objects.update(public_name="zoe")
    with pytest.raises(CommandError, match="User with this Public name already exists."):
        call_command("create_user", "zoe", "--role", "reviewer")


def test_weak_password_is_refused_in_words(monkeypatch):
    monkeypatch.setenv("ANNOTATE_PASSWORD", "zoe-zoe")
    with pytest.raises(CommandError) as error:
        call_command("create_user", "zoe-zoe", "--role", "reviewer")
    assert str(error.value) == (
        "The password is too similar to the username. "
        "This password is too short. It must contain at least 8 characters."
    )
    assert not User.objects.exists()


@pytest.mark.django_db(databases=["default", "replica"])  # a command checks all there are
def test_error_on_the_command_line_is_one_line_and_exit_1(password, capsys):
    with pytest.raises(SystemExit) as end:
        execute_from_command_line(["manage.py", "create_user", "zoe", "--role", "x"])
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said == "CommandError: Give --role as reviewer, moderator or admin, not “x”.\n"


def test_where_nobody_can_be_asked_it_says_so(monkeypatch):
    monkeypatch.delenv("ANNOTATE_PASSWORD", raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(CommandError) as error:
        call_command("create_user", "zoe", "--role", "reviewer")
    assert str(error.value) == (
        "Set ANNOTATE_PASSWORD, or run this in a terminal to be asked for it."
    )


@pytest.mark.parametrize(
    ("answers", "made"), [([PASSWORD, PASSWORD], True), ([PASSWORD, "other"], False)]
)
def test_password_is_asked_for_twice(monkeypatch, answers, made):
    monkeypatch.delenv("ANNOTATE_PASSWORD", raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    typed = iter(answers)
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    if made:
        call_command("create_user", "zoe", "--role", "reviewer")
    else:
        with pytest.raises(CommandError) as error:
            call_command("create_user", "zoe", "--role", "reviewer")
        assert str(error.value) == "The two passwords differ. No user was made."
    assert User.objects.filter(username="zoe").exists() == made
