"""Made-up people and stories. Fixed values: a failure reads the same twice."""

from __future__ import annotations

from django.db import transaction

from annotate.accounts import actions as accounts
from annotate.accounts.models import User
from annotate.annotations.models import Annotation, Change
from annotate.annotations.states import moderate
from annotate.articles.actions import create_article
from annotate.articles.models import Article
from annotate.reviews.actions import lock_article

PASSWORD = "correct horse battery"

TITLE = "Mayor says taxes may fall"
BODY = (
    "The mayor said on Monday that taxes would fall. “We have the money,” she said.\n\n"
    "A ledger published by the council shows a surplus of $1.2 million. "
    "Some expect the vote to be close. 🧑‍🤝‍🧑 Nobody asked Sam Doe Jr.\n\n"
    "The council meets on Nov. 14."
)


def make_user(name: str, role: str = "reviewer", **fields: str) -> User:
    user = accounts.create_user(username=name, password=PASSWORD, role=role, **fields)
    return User.objects.with_roles().get(pk=user.pk)


def make_article(title: str = TITLE, body: str = BODY, **fields) -> Article:
    return create_article(title=title, body=body, **{"submitted_by": None, **fields})


def set_hidden(annotation: Annotation, *, by: User, hidden: bool) -> None:
    """Hide a tag or show it again, as decisions of moderators do, without a case."""
    with transaction.atomic():
        lock_article(annotation.article)
        standing = Annotation.objects.select_related("label", "reviewer", "round")
        kind = Change.Kind.HIDDEN if hidden else Change.Kind.SHOWN
        state = {"hidden": hidden, "pending": False}
        moderate(standing.get(pk=annotation.pk), state, by=by, kind=kind)
