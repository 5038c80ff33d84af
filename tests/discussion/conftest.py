"""A blind round of ana and ben, a thread of ana's, and what people do in it."""

from __future__ import annotations

import pytest

from annotate.discussion import actions
from annotate.reviews import actions as reviews
from tests.factories import make_user


@pytest.fixture
def cleo(db):
    """A reviewer who has no part in the round."""
    return make_user("cleo")


@pytest.fixture
def blind(article, ana, ben, mo):
    return reviews.open_round(article, by=mo, reviewers=[ana, ben], needed=2)


@pytest.fixture
def revealed(blind, mo):
    return reviews.reveal(blind, by=mo)


def begin(article, by, text="Is this a claim?", start=0, end=5, **more):
    return actions.begin_thread(article, by=by, start=start, end=end, text=text, **more)
