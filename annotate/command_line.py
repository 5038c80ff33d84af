"""The way from `manage.py` to a command: what goes wrong around it is one line, too."""

from __future__ import annotations

import errno
import os
import signal
import sys

from annotate import runner
from annotate.runner import RunnerError

# What a shell says of a program that ends since nobody reads its output any more.
NOBODY_READS = 128 + signal.SIGPIPE
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run(arguments: list[str]) -> None:
    """Run a command of Django's or ours. Raises RunnerError, SystemExit."""
    from django.core.management import CommandError, execute_from_command_line
    from django.db import InterfaceError, OperationalError

    try:
        execute_from_command_line(arguments)
        sys.stdout.flush()
    except CommandError as error:  # in its arguments: what else is wrong, Django says itself
        raise RunnerError(f"CommandError: {error}") from error
    except (OperationalError, InterfaceError):
        if os.environ.get("DATABASE_URL"):
            runner.check_database()
        raise  # it can be reached, so something else is wrong
    except BrokenPipeError:
        sys.exit(NOBODY_READS)
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise RunnerError(f"Writing failed: {error.strerror}.") from error
    finally:
        let_go_of_output()


def let_go_of_output() -> None:
    """Forget what could not be written: Python would try again when it ends, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
