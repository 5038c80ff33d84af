"""docs/security.md has each requirement of ASVS 5.0.0, levels 1 and 2, once, and true tests."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from django.conf import settings

from annotate.accounts.limits import BURST
from annotate.accounts.passwords import WORDS
from annotate.exchange.reading import MAX_SECONDS

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/security.md").read_text()

# Section and its last number: in each, those of levels 1 and 2 are the first.
SECTIONS = """
    1.1 2  1.2 9  1.3 11  1.4 3  1.5 2  2.1 3  2.2 3  2.3 4  2.4 1  3.2 2  3.3 4
    3.4 6  3.5 5  3.7 2  4.1 3  4.2 1  4.3 2  4.4 4  5.1 1  5.2 3  5.3 2  5.4 3
    6.1 3  6.2 12  6.3 4  6.4 4  6.5 5  6.6 3  6.8 4  7.1 3  7.2 4  7.3 2  7.4 5
    7.5 2  7.6 2  8.1 2  8.2 3  8.3 1  8.4 1  9.1 3  9.2 4  10.1 2  10.2 2  10.3 4
    10.4 11  10.5 5  10.6 2  10.7 3  11.1 2  11.2 3  11.3 3  11.4 4  11.5 1  11.6 1  12.1 3
    12.2 2  12.3 4  13.1 1  13.2 5  13.3 2  13.4 5  14.1 2  14.2 4  14.3 3  15.1 3  15.2 3
    15.3 7  16.1 1  16.2 5  16.3 4  16.4 3  16.5 3  17.1 1  17.2 4  17.3 2
"""
HOW = ("held", "by others", "documented", "owner", "not applicable", "open")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def asked() -> list[str]:
    words = SECTIONS.split()
    return [
        f"{section}.{number}"
        for section, last in zip(words[::2], words[1::2], strict=True)
        for number in range(1, int(last) + 1)
    ]


def rows() -> list[tuple[list[str], str, str]]:
    """Return numbers, how, and the rest of each row of the tables of requirements."""
    found = re.findall(
        r"^\| ([\d.]+)(?: to ([\d.]+))? \| .+? \| \*([\w ]+)\*: (.+) \|$", PAGE, re.MULTILINE
    )
    return [(span(first, last or first), how, rest) for first, last, how, rest in found]


def span(first: str, last: str) -> list[str]:
    section, _, begin = first.rpartition(".")
    return [f"{section}.{one}" for one in range(int(begin), int(last.rpartition(".")[2]) + 1)]


@cache
def functions_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}


def test_every_requirement_stands_there_once():
    assert len(asked()) == 253
    assert Counter(number for numbers, _, _ in rows() for number in numbers) == Counter(asked())


def test_the_numbers_are_counted():
    found = Counter(how for numbers, how, _ in rows() for _ in numbers)
    assert set(found) <= set(HOW)
    told = dict(re.findall(r"^\| \*([\w ]+)\* \| (\d+) \|$", PAGE, re.MULTILINE))
    assert {how: int(number) for how, number in told.items()} == found


def test_what_is_held_is_held_by_tests_that_are_there():
    wrong = []
    for numbers, how, rest in rows():
        named = TEST.findall(rest)
        if how == "held" and not named:
            wrong.append(f"{numbers[0]} names no test")
        wrong += [
            f"{numbers[0]}: {path}::{name}"
            for path, name in named
            if not (ROOT / path).exists() or name not in functions_in(path)
        ]
    assert wrong == []


def test_the_words_that_make_no_password_are_named():
    section = PAGE.split("\n## Ways in\n")[1].split("\n## ")[0]
    assert set(WORDS) <= set(re.findall(r"`(\w+)`", section))


def test_the_limits_are_those_of_the_settings():
    section = PAGE.split("\n## How often what may be done\n")[1].split("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \| .+ \| (\d+) \|$", section, re.MULTILINE)
    assert {name: int(number) for name, number in told} == settings.RATE_LIMITS
    default = ",".join(f"{name}={number}" for name, number in settings.RATE_LIMITS.items())
    assert f"| `RATE_LIMITS` | `{default}` |" in (ROOT / "docs/configuration.md").read_text()
    rate = settings.REQUESTS_PER_SECOND
    section = " ".join(section.split())
    many = f"{rate} requests a second of a person in the long run, and {rate * BURST:,} at once"
    assert many in section
    assert f"{MAX_SECONDS} seconds and 2 GB at most" in section
