"""What most tests of moderation begin with."""

from __future__ import annotations

import pytest

from annotate.annotations import actions as tagging
from annotate.moderation import cases
from annotate.reviews import actions as rounds
from tests.factories import make_user


@pytest.fixture
def mia(db):
    return make_user("mia", "moderator")


@pytest.fixture
def tag(article, ana, ben, claim):
    """Ana's tag in an open round that ben sees."""
    rounds.open_round(article, by=None, mode="open", reviewers=[ana, ben])
    return tagging.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation


@pytest.fixture
def flagged(tag, ben):
    """The case of that tag, which ben finds abusive."""
    return cases.flag(tag, by=ben, reason="abusive", text="An insult.").case
