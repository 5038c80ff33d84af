"""Who works at the site, and on what: stored by this process, in the site's database."""

from __future__ import annotations

import os
from dataclasses import dataclass

type Cookies = dict[str, str]


@dataclass
class Cast:
    reviewers: list[Cookies]
    devices: list[Cookies]  # two sessions of one more reviewer
    moderator: Cookies
    stories: list[int]


def make_cast(database: str, secret_key: str, reviewers: int, stories: int) -> Cast:
    """Store people, each with a session, and stories with open rounds."""
    os.environ.update(DATABASE_URL=database, SECRET_KEY=secret_key)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"  # with quick passwords
    import django

    django.setup()
    from django.conf import settings
    from django.db import connections

    from annotate.accounts.models import User
    from annotate.reviews.actions import open_round
    from tests.bench.stories import make_story
    from tests.factories import make_user
    from tests.live.streams import session_of

    def signed_in(person: User) -> Cookies:
        return {settings.SESSION_COOKIE_NAME: session_of(person)}

    articles = [make_story(40, number=number) for number in range(stories)]
    for article in articles:
        open_round(article, by=None, mode="open")
    eva = make_user("eva")
    cast = Cast(
        reviewers=[signed_in(make_user(f"reviewer-{one}")) for one in range(reviewers)],
        devices=[signed_in(eva), signed_in(eva)],
        moderator=signed_in(make_user("mo", "moderator")),
        stories=[one.pk for one in articles],
    )
    connections.close_all()
    return cast
