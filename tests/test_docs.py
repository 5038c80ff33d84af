"""The docs say what the code does: keys, commands, targets, options, paths, links, pictures."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from annotate.accounts.preferences import KEYS
from annotate.articles.actions import MOVES
from annotate.exchange.reading import ENDINGS
from annotate.reviews import actions as reviews

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
IMAGES = sorted((DOCS / "images").glob("*"))

each_page = pytest.mark.parametrize("doc", PAGES, ids=lambda doc: doc.name)


def table_rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its head."""
    section = (DOCS / page).read_text().split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    table = re.search(r"(?:^\|.+\|\n?)+", section, re.MULTILINE)
    assert table, heading
    return [row.strip("| ").split(" | ") for row in table[0].splitlines()[2:]]


def test_the_table_of_keys_has_every_key():
    rows = dict(table_rows("reviewers.md", "## All keys"))
    for key, what in KEYS.values():
        assert rows[f"`{key}`"] == what
    labels = import_module("annotate.annotations.migrations.0002_add_labels").LABELS
    for label in labels:
        assert rows[f"`{label['key']}`"].startswith(f"{label['name']},")
    known = len(KEYS) + len(labels)
    page = (ROOT / "templates/articles/detail.html").read_text()
    others = page.split("{% for action, what in key_help %}")[1].split("</dl>")[0]
    assert len(rows) == known + others.count("<dt>") - 1  # less the one of the loop


def test_the_table_of_statuses_has_every_move():
    rows = table_rows("administrators.md", "### The status of a story")
    found: dict[str, set[str]] = {}
    for start, ends, _ in rows:
        found.setdefault(start, set()).update(ends.split(", "))
    assert found == MOVES


def test_the_table_of_a_rounds_states_has_every_move():
    rows = table_rows("moderators.md", "## Review rounds")
    found = {start: set(ends.split(", ")) - {"nothing"} for start, ends, _ in rows}
    assert found == reviews.MOVES


def test_the_table_of_the_queues_keys_is_what_its_dialog_says():
    dialog = (ROOT / "templates/moderation/keys.html").read_text()
    told = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", dialog)
    plain = [tuple(re.sub("</?kbd>", "`", one) for one in row) for row in told]
    assert [tuple(row) for row in table_rows("moderators.md", "### By keyboard")] == plain


def test_the_table_of_files_has_every_ending():
    rows = table_rows("administrators.md", "### What is read from a file")
    named = re.findall(r"`(\.\w+)`", " ".join(row[0] for row in rows))
    assert sorted(named) == sorted(ENDINGS)


def test_every_option_of_import_article_is_described():
    command = load_command_class("annotate.articles", "import_article")
    parser = command.create_parser("manage.py", "import_article")
    common = {one for action in common_actions() for one in action.option_strings}
    ours = {
        one for action in parser._actions for one in action.option_strings if one not in common
    }
    cells = [row[0] for row in table_rows("administrators.md", "### By command")]
    assert {cell.strip("`") for cell in cells} == {"FILE…", *ours}


def common_actions():
    return BaseCommand().create_parser("manage.py", "any")._actions


@each_page
def test_every_command_that_is_named_exists(doc):
    named = re.findall(r"manage\.py (\w+)", doc.read_text())
    assert set(named) - set(get_commands()) == set()


@each_page
def test_every_target_that_is_named_exists(doc):
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:`|^|=\S+ )make (\w+)", doc.read_text(), re.MULTILINE)
    assert set(named) - set(targets) == set()


@each_page
def test_every_path_that_is_named_exists(doc):
    places = r"(?:annotate|deploy|docs|seeds|static|templates|tests|\.ci)"
    named = re.findall(rf"`({places}/[\w./-]*)`", doc.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


@each_page
def test_every_link_leads_somewhere(doc):
    text = doc.read_text()
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    for link in links:
        if re.match(r"https?:|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (doc.parent / path).resolve() if path else doc
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_every_picture_is_shown_and_small():
    shown = "".join(page.read_text() for page in PAGES)
    assert IMAGES
    for image in IMAGES:
        assert f"images/{image.name}" in shown, image.name
        assert image.stat().st_size < 150_000, image.name


def test_every_picture_is_described():
    for page in PAGES:
        text = page.read_text()
        for description in re.findall(r"!\[([^\]]*)\]", text):
            assert description, page.name
        for tag in re.findall(r"<img [^>]*>", text):
            assert re.search(r'alt="[^"]+"', tag), page.name
