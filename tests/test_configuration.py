"""docs/configuration.md has a row for every variable that is read, and no other."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/configuration.md"

READ = re.compile(
    r"""(?: \b env (?:_list|_int)? \(
          | environ \[
          | environ\.(?:get|pop|setdefault) \(
          | getenv \(
        ) \s* "([A-Z_]+)" """,
    re.VERBOSE,
)
# Django's own, which nobody needs to set.
SET_BY_US = {"DJANGO_SETTINGS_MODULE"}


def variables_read() -> set[str]:
    sources = [
        *(ROOT / "annotate").rglob("*.py"),
        ROOT / "manage.py",
        ROOT / "tests/browser.py",
    ]
    names = {name for source in sources for name in READ.findall(source.read_text())}
    makefile = (ROOT / "Makefile").read_text()
    return (names | set(re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE))) - SET_BY_US


def rows() -> dict[str, str]:
    """Return the default that the page says of each variable."""
    found = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| .+ \|$", PAGE.read_text(), re.MULTILINE)
    assert len(found) == len(dict(found)), "a variable has two rows"
    return dict(found)


def test_every_variable_that_is_read_has_a_row():
    assert variables_read() - rows().keys() == set()


def test_every_row_is_read_somewhere():
    assert rows().keys() - variables_read() == set()


@pytest.mark.parametrize(
    "how",
    [
        'env("NAME")',
        'env_list("NAME", "a,b")',
        'env_int("NAME", 3)',
        'os.environ.get("NAME")',
        'os.environ["NAME"]',
        'os.getenv("NAME")',
        'os.environ.get(\n    "NAME"\n)',
    ],
)
def test_every_way_to_read_a_variable_is_noticed(how):
    assert READ.findall(how) == ["NAME"]


def test_defaults_on_the_page_are_those_of_the_settings():
    sources = "".join(source.read_text() for source in (ROOT / "annotate").glob("*.py"))
    with_default = r'env(?:_list|_int)?\("([A-Z_]+)", "?([^")]*)"?\)'
    or_default = r'environ\.get\("([A-Z_]+)"\) or "?(\d+)"?'
    defaults = dict(re.findall(with_default, sources) + re.findall(or_default, sources))
    assert {"PORT", "TIME_ZONE", "STORY_MAX_BYTES"} <= defaults.keys()
    for name, said in rows().items():
        default = re.fullmatch(r"`([^`]*)`", said)
        if default and name in defaults:
            assert default[1] == defaults[name].replace("_", ""), name
