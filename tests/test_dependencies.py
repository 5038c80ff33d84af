"""What `make audit` concludes, and what `make sbom` tells apart."""

from __future__ import annotations

import datetime

import pytest

from tests.dependencies import LOCK, runtime, upgraded, verdict

DAY = datetime.date(2026, 11, 23)
SOUND = {"name": "django", "version": "6.1.3", "vulns": []}
FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["6.1.4", "6.2"]}


@pytest.mark.parametrize(
    ("packages", "days", "code", "said"),
    [
        ([SOUND], 400, 0, "No advisory is known for any of 1 packages."),
        (
            [SOUND, {"name": "ours", "skip_reason": "Dependency not found on PyPI"}],
            0,
            0,
            "No advisory is known for any of 1 packages. Nothing could be asked about ours.",
        ),
        (
            [SOUND, {"name": "lxml", "version": "6.0", "vulns": [FLAW]}],
            0,
            1,
            "lxml 6.0: PYSEC-2026-1, corrected in 6.1.4, 6.2\n"
            "Take newer versions: make lock LOCK_ARGS=--upgrade",
        ),
        (
            None,
            90,
            0,
            "No advisories could be asked for, so only the lock's age was checked: newer "
            "versions were last taken on 2026-11-23, 90 days ago. 90 are allowed.",
        ),
        (
            None,
            91,
            1,
            "No advisories could be asked for, so only the lock's age was checked: newer "
            "versions were last taken on 2026-11-23, 91 days ago. "
            "Take them: make lock LOCK_ARGS=--upgrade",
        ),
    ],
    ids=["sound", "partly", "flaw", "young lock", "old lock"],
)
def test_an_audit_goes_by_advisories_or_else_by_the_locks_age(packages, days, code, said):
    assert verdict(packages, DAY, DAY + datetime.timedelta(days)) == (code, said)


def test_the_day_of_the_lock_is_known():
    assert upgraded() >= DAY


def test_what_only_tests_need_is_told_apart():
    needed = runtime(LOCK.read_text())
    assert {"django", "psycopg", "psycopg-binary", "lxml", "uvicorn", "cffi"} <= needed
    assert not {"pytest", "playwright", "hypothesis", "mypy", "ruff", "aiohttp"} & needed
