"""The history tells what was so at each change, whatever became of the tag since."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.annotations import actions, remembered
from annotate.annotations.remembered import Passage
from annotate.moderation import cases
from tests.factories import make_article

HTMX = {"HX-Request": "true"}


@pytest.fixture
def grown(ana, article, claim):
    """A tag on sentence 3, grown three times: to its next word, over 4, and to its start."""
    third, fourth = article.sentences.filter(position__in=[3, 4])
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=third.start + 9, end=third.end
    ).annotation
    for start, end in (
        (third.start + 2, third.end),
        (third.start + 2, fourth.end),
        (third.start, fourth.end),
    ):
        actions.edit(tag, by=ana, start=start, end=end)
    return tag


THIRD = "A ledger published by the council shows a surplus of $1.2 million."


def lines(client, article) -> list[tuple[str, ...]]:
    """Return what the page says of each change, and of its passage."""
    page = client.get(f"/articles/{article.pk}/history/").text
    rows = re.findall(r"<tr><td.*?</td>(.*?)</tr>", page)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    return [tuple(html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row) for row in cells]


def test_each_line_tells_the_passage_of_its_time(as_ana, article, grown):
    cut = "{} … Some expect the vote to be close. 🧑‍🤝‍🧑"
    assert lines(as_ana, article) == [
        (
            "Changed the passage of Claim on sentences 3 to 4",
            f"Was: “{cut.format('ledger published by the council shows a')}”"
            f"Now: “{cut.format('A ledger published by the council shows')}”",
        ),
        (
            "Changed the passage (was sentence 3) of Claim on sentences 3 to 4",
            f"Was: “{THIRD[2:]}”Now: “{cut.format('ledger published by the council shows a')}”",
        ),
        (
            "Changed the passage of Claim on sentence 3",
            f"Was: “{THIRD[9:]}”Now: “{THIRD[2:]}”",
        ),
        ("Claim on sentence 3", THIRD[9:]),
    ]


def test_undone_and_done_again_tell_what_they_made(as_ana, ana, article, grown):
    for _ in range(2):
        actions.undo(article, by=ana)
    actions.redo(article, by=ana)
    told = [what for what, _ in lines(as_ana, article)]
    assert told[:3] == [
        "Did again: Changed the passage (was sentence 3) of Claim on sentences 3 to 4",
        "Undid: Changed the passage (was sentence 3) of Claim on sentences 3 to 4",
        "Undid: Changed the passage of Claim on sentences 3 to 4",
    ]
    assert lines(as_ana, article)[1][1].endswith(f"Now: “{THIRD[2:]}”")


def test_the_page_says_the_same_right_after_it(as_ana, article, grown):
    place = f"/articles/{article.pk}/undo/"
    assert ">Undid: Changed the passage of Claim on sentences 3 to 4</p>" in (
        as_ana.post(place, headers=HTMX).text
    )
    assert (
        ">Undid: Changed the passage (was sentence 3) of Claim on sentences 3 to 4</p>"
        in as_ana.post(place, headers=HTMX).text
    )
    headline = {"start": 0, "end": 5}
    moved = as_ana.post(f"/annotations/{grown.pk}/", headline, headers=HTMX)
    assert ">Changed the passage (was sentence 3) of Claim on the headline</p>" in moved.text


def test_a_passage_may_move_to_the_same_words(as_ana, ana, claim):
    article = make_article("A story", "He paid and he paid.")
    start = article.text.index("paid")
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=start, end=start + 4
    ).annotation
    actions.edit(tag, by=ana, start=start + 12, end=start + 16)
    assert lines(as_ana, article)[0] == (
        "Changed the passage of Claim on sentence 1",
        "Was: “paid”Now: “paid”",
    )


def test_moderators_read_the_same_of_a_case_and_in_the_admin(client, mo, ana, article, grown):
    case = cases.flag(grown, by=mo, reason="spam").case
    client.force_login(mo)
    for address in (case.get_absolute_url(), "/admin/annotations/change/"):
        page = client.get(address).text
        assert "Changed the passage of Claim on sentences 3 to 4" in page
        assert "Changed the passage (was sentence 3) of Claim on sentences 3 to 4" in page
        assert re.search(r"Claim on sentence 3\s*<", page)
    first = grown.changes.earliest("pk")
    page = client.get(f"/admin/annotations/change/{first.pk}/change/").text
    assert re.search(r"Claim on sentence 3\s*<", page)


def test_the_admin_names_the_label_of_the_time(client, mo, ana, grown, evidence):
    actions.edit(grown, by=ana, label=evidence)
    client.force_login(mo)
    page = client.get("/admin/annotations/change/").text
    assert "Changed the label (was Claim) of Evidence on sentences 3 to 4" in page
    assert re.search(r"Claim on sentence 3\s*<", page)


@pytest.mark.parametrize("address", ["/articles/{}/history/", "/admin/annotations/change/"])
def test_a_hundred_lines_cost_the_queries_of_ten(client, mo, ana, labels, article, address):
    sentences = list(article.sentences.all())

    def tag(label, *, moves: int) -> None:
        for sentence in sentences[:5]:
            made = actions.annotate(
                article=article,
                reviewer=ana,
                label=label,
                start=sentence.start,
                end=sentence.start + 5,
            )
            for more in range(moves):
                end = sentences[-1].end - more
                actions.edit(made.annotation, by=ana, start=sentence.start, end=end)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address.format(article.pk)).status_code == 200
        return len(queries)

    client.force_login(mo)
    tag(labels["evidence"], moves=1)
    cost()
    ten = cost()
    tag(labels["claim"], moves=17)
    assert cost() == ten


@pytest.fixture
def spaced(labels):
    return make_article(
        "The head", "Yes.  No, said she.\n\nWho? A cafe\u0301 👩‍👩‍👧.\n\n“Never.”"
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(passages=st.lists(st.tuples(st.integers(0, 45), st.integers(1, 40)), max_size=6))
def test_the_past_is_found_where_tags_were(ana, claim, spaced, passages):
    """Also of passages that begin or end in the white space between two sentences."""
    found = {}
    for start, length in passages:
        try:
            done = actions.annotate(
                article=spaced, reviewer=ana, label=claim, start=start, end=start + length
            )
        except actions.WrongPassage:
            continue
        tag = done.annotation
        passage = Passage(spaced.pk, start, start + length)
        found[passage] = (tag.first_position, tag.last_position)
    assert remembered.places(found) == found
