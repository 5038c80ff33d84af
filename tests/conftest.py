"""The fixed cast: two reviewers, a moderator, an admin, and one open story."""

from __future__ import annotations

import pytest

from tests.browser import find_browser

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"),
    *("--no-first-run", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": [*QUIET]}


@pytest.fixture
def labels(db):
    """The labels that a migration adds; a browser test's flush takes them away."""
    from importlib import import_module

    from annotate.annotations.models import Label

    for label in import_module("annotate.annotations.migrations.0002_add_labels").LABELS:
        Label.objects.get_or_create(slug=label["slug"], defaults=label)
    return {label.slug: label for label in Label.objects.all()}


@pytest.fixture
def claim(labels):
    return labels["claim"]


@pytest.fixture
def evidence(labels):
    return labels["evidence"]


def _person(name: str, role: str):
    @pytest.fixture(name=name)
    def person(db):
        from tests.factories import make_user

        return make_user(name, role)

    return person


ana = _person("ana", "reviewer")
ben = _person("ben", "reviewer")
mo = _person("mo", "moderator")
ada = _person("ada", "admin")


@pytest.fixture
def article(labels):
    from tests.factories import make_article

    return make_article()


@pytest.fixture
def as_ana(client, ana):
    client.force_login(ana)
    return client


@pytest.fixture
def sentence(article):
    """The first sentence of the body."""
    return article.sentences.get(position=1)
