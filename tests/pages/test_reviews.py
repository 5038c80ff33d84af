"""The pages of reviews in a browser: how they look and hold, by keyboard, without a script."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from annotate.annotations import actions as tagging
from annotate.reviews import actions
from annotate.reviews.models import Assignment, Round
from tests.factories import make_article
from tests.pages.test_every_page import both_looks, holds, look  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stories(article, ana, ben, mo, claim):
    """A late blind round that is begun, a revealed one, a closed one, one without any."""
    late = timezone.localdate() - datetime.timedelta(days=2)
    actions.open_round(article, by=mo, due=late, reviewers=[ana, ben])
    tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    made = [
        make_article(f"Story {number}", f"A sentence {number}. Another.") for number in range(3)
    ]
    actions.reveal(actions.open_round(made[0], by=mo, reviewers=[ana], pseudonyms=True), by=mo)
    actions.close(actions.open_round(made[1], by=mo, mode="open", reviewers=[ana, ben]), by=mo)
    return [article, *made]


@both_looks
def test_pages_of_a_reviewer_hold(browse, stories, ana, look):  # noqa: F811
    page = browse(ana, **look).new_page()
    for address in (
        "/work/",
        *(f"/articles/{one.pk}/review/" for one in stories),
        f"/articles/{stories[0].pk}/review/submit/",
        "/accounts/settings/",
    ):
        page.goto(address)
        holds(page, address)


@pytest.mark.parametrize("address", ["/reviews/", "/admin/queue/"])
def test_list_that_does_not_come_is_told(browse, stories, mo, watch, address):
    watch.expected = ("503",)
    page = browse(mo).new_page()
    page.goto(address)
    page.route("**/*?*", lambda route: route.fulfill(status=503, body="away"))
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".found")).to_have_text(
        "The list could not be brought up to date (error 503). Try again."
    )


@both_looks
def test_pages_of_a_moderator_hold(browse, stories, mo, look, watch):  # noqa: F811
    watch.expected = ("422",)
    page = browse(mo, **look).new_page()
    for address in (
        "/reviews/",
        "/reviews/?q=nothing+of+the+kind",
        "/reviews/assign/",
        *(f"/articles/{one.pk}/review/" for one in stories),
    ):
        page.goto(address)
        holds(page, address)
    page.goto(f"/articles/{stories[0].pk}/review/")
    page.get_by_text("Reveal now…").click()
    holds(page, "before a reveal")
    page.get_by_label("Reviewers needed").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("something is to be corrected")
    holds(page, "a wrong setting")
    page.goto(f"/reviews/assign/?article={stories[3].pk}")
    holds(page, "assigning")
    page.get_by_role("button", name="Show what will be assigned").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What will be assigned")
    holds(page, "what will be assigned")


def test_a_list_is_filtered_as_one_chooses(browse, stories, mo):
    page = browse(mo).new_page()
    page.goto("/reviews/")
    rows = page.locator(".story-row")
    expect(rows).to_have_count(4)
    page.get_by_label("Show", exact=True).select_option("late")
    expect(rows).to_have_count(1)
    assert "show=late" in page.url
    page.go_back()
    expect(rows).to_have_count(4)


@pytest.mark.parametrize("script", [True, False])
def test_assigned_by_keyboard_with_and_without_a_script(browse, stories, ana, ben, mo, script):
    page = browse(mo, java_script_enabled=script).new_page()
    page.goto("/reviews/?show=none")
    page.get_by_label("Choose Story 2").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Assign the chosen stories…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Assign stories")
    page.get_by_label("Due date").fill("2099-05-01")
    page.get_by_role("button", name="Show what will be assigned").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is what will be: 2 parts.")).to_be_visible()
    page.get_by_role("button", name="Assign", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Assigned: 2 parts.")
    round = Round.objects.get(article=stories[3])
    assert set(round.assignments.values_list("reviewer", flat=True)) == {ana.pk, ben.pk}


def test_submitted_without_a_script(browse, stories, ana):
    page = browse(ana, java_script_enabled=False).new_page()
    page.goto("/work/")
    page.get_by_role("link", name="Round 1 of Mayor says").click()
    page.get_by_role("link", name="Submit your review…").click()
    button = "Mark the rest as read with nothing to tag, and submit"
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status").first).to_contain_text("You have submitted your review.")
    assert Assignment.objects.get(reviewer=ana, round__article=stories[0]).submitted_at
