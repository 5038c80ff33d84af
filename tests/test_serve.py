"""`python -m annotate.serve`: what it says. How it stops: tests/live/test_restart.py."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import ROOT, environment, free_port


def served(home, *options: str, **variables: str) -> tuple[int, str, str]:
    end = subprocess.run(
        [sys.executable, "-m", "annotate.serve", *options],
        cwd=ROOT,
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return end.returncode, end.stdout, end.stderr


@pytest.mark.parametrize("missing", ["DATABASE_URL", "SECRET_KEY"])
def test_what_is_not_set_is_said_in_one_line(tmp_path, missing):
    variables = {"DATABASE_URL": "postgresql://nowhere.invalid/", "SECRET_KEY": "for tests"}
    assert served(tmp_path, **{**variables, missing: ""}) == (
        1,
        "",
        f"{missing} is not set. A site for others needs it (docs/configuration.md); "
        "“make run” does without.\n",
    )


def test_asked_whether_it_is_ready_where_nobody_serves(tmp_path):
    variables = {"DATABASE_URL": "postgresql://nowhere.invalid/", "SECRET_KEY": "for tests"}
    code, said, complained = served(
        tmp_path, "--ready", "--port", str(free_port()), **variables
    )
    assert (code, said) == (1, "")
    assert complained.startswith("Nobody answers: ")
    assert complained.count("\n") == 1
