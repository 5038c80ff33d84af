"""The queue in a browser: by keyboard alone, by mouse, on a phone, without a script."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Case, Decision
from tests.factories import make_user
from tests.moderation.many import make_cases
from tests.pages.conftest import PHONE
from tests.pages.test_every_page import both_looks, holds, look  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)

HUNDRED = {"tags": 62, "comments": 16, "persons": 8, "waiting": 14}


class Desk:
    """The queue as a moderator works in it; counts what they press."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def open(self, query: str = "") -> Desk:
        self.page.goto(f"/admin/queue/{query}")
        self.page.wait_for_selector("html.script")
        return self

    def press(self, *keys: str) -> Desk:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1
        return self

    def at(self, case: Case) -> Desk:
        expect(self.page.locator(f"#row-{case.pk} .case-link")).to_be_focused()
        return self

    def said(self, words: str) -> Desk:
        expect(self.page.locator("#said")).to_contain_text(words)
        return self


@pytest.fixture
def desk(browse, mo) -> Desk:
    return Desk(browse(mo).new_page())


@pytest.fixture
def few(labels, ana, ben, mo) -> list[Case]:
    return list(make_cases(ana, ben, mo, tags=4, comments=1, persons=1, waiting=1))


def verdict_keys(case: Case) -> tuple[str, list[str]]:
    """How this test's moderator decides: the kind of the decision, and what they press."""
    if case.kind == "person":
        return "suspend", ["p", "Enter"]
    if case.kind == "comment":
        return "hide", ["h"]
    if not case.reasons:
        return "keep", ["e"]
    match case.reasons[0]:
        case "off_guideline":
            return "relabel", ["r", "e"]
        case "wrong_passage":
            return "trim", ["t", "Tab", "ArrowUp", "Enter"]
        case "bad_faith":
            return "warn", ["w"]
        case "other":
            return "keep", ["e"]
    return "hide", ["h"]


def test_a_hundred_mixed_cases_by_keyboard_alone(desk, labels, ana, ben, mo, record_property):
    made = make_cases(ana, ben, mo, **HUNDRED)
    assert len(made) == 100
    desk.open().press("j").at(made[0])
    wanted = {}
    for number, case in enumerate(made):
        if number % 25 == 0:
            desk.at(case)  # the next page came by itself
        kind, keys = verdict_keys(case)
        wanted[case.pk] = kind
        if kind == "trim":
            desk.press("t")
            expect(desk.page.locator("#trim-start")).to_be_focused()
            keys = keys[1:]
        desk.press(*keys)
    desk.said("The queue is empty: every case is decided.")
    assert dict(Decision.objects.values_list("case", "kind")) == wanted
    assert Decision.objects.filter(by=mo).count() == 100
    assert not Case.objects.open().exists()
    record_property("keystrokes per case", desk.pressed / len(made))
    assert desk.pressed <= 1.5 * len(made)


def test_keys(desk, few, mo):
    desk.open().press("j").at(few[0]).press("ArrowDown").at(few[1]).press("k").at(few[0])
    expect(desk.page.locator("#case")).to_have_attribute("data-case", f"{few[0].pk}:2")
    desk.press("c").said("Yours for 15 minutes")
    assert Case.objects.get(pk=few[0].pk).claimed_by == mo
    desk.at(few[0]).press("c").said("Released")
    # Moving on does not wait for the answer; taken back, the case is there again.
    desk.press("h").at(few[1]).said("z takes it back")
    expect(desk.page.locator(f"#row-{few[0].pk}")).to_have_count(0)
    desk.press("z").said("Taken back: Hide").at(few[0])
    # What is typed for the next decision is kept until it was done.
    desk.press("n")
    desk.page.locator("#decide").get_by_label("Reason").select_option("other")
    desk.page.get_by_label("Note to the author").fill("j k e h")
    desk.press("Escape").at(few[0]).press("h").at(few[1]).said("Hidden")
    decision = Decision.objects.standing().get()
    assert (decision.reason, decision.note) == ("other", "j k e h")
    expect(desk.page.get_by_label("Note to the author")).to_have_value("")
    desk.press("b")
    expect(desk.page.get_by_role("button", name="Ban", exact=True)).to_be_focused()
    desk.press("Escape").at(few[1]).press("/")
    expect(desk.page.get_by_label("Show", exact=True)).to_be_focused()
    desk.press("Escape").at(few[1]).press("Enter")
    expect(desk.page.locator(".desk.one")).to_be_visible()


def test_filtered_the_list_goes_on_by_keyboard_and_the_address_says_so(desk, few):
    (comment,) = [one for one in few if one.kind == "comment"]
    desk.open().press("/").page.get_by_label("Show", exact=True).select_option("comment")
    expect(desk.page.locator("#rows .row")).to_have_count(1)
    assert "kind=comment" in desk.page.url
    desk.press("Escape").at(comment).press("h")
    desk.said("No case is like that.")
    assert Decision.objects.get().case_id == comment.pk
    desk.page.go_back()
    expect(desk.page.locator("#rows .row")).to_have_count(len(few) - 1)


def test_the_keys_are_told_and_the_focus_comes_back(desk, few):
    desk.open().press("j").at(few[0]).press("?")
    dialog = desk.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    desk.press("h", "Escape")
    expect(dialog).to_be_hidden()
    desk.at(few[0])
    assert not Decision.objects.exists()


def test_several_at_once_and_what_does_not_fit_stays(desk, few):
    person = next(one for one in few if one.kind == "person")
    others = [one for one in few if one != person]
    desk.open().press("j")
    for _ in few:
        desk.press("x", "j")
    desk.press("h").said(f"Hidden, Not shown: {len(others)} cases.")
    expect(desk.page.locator(f"#row-{person.pk} .problem")).to_contain_text("does not fit")
    assert set(Decision.objects.values_list("case", flat=True)) == {one.pk for one in others}
    desk.press("z").said("Taken back")
    expect(desk.page.locator("#rows .row")).to_have_count(len(few))


def test_what_another_decided_meanwhile_stays_with_the_reason(desk, few, watch, labels):
    watch.expected = ("409",)
    mia = make_user("mia", "moderator")
    desk.open().press("j").at(few[0])
    decisions.decide({few[0].pk: few[0].version}, Verdict(Decision.Kind.KEEP), by=mia)
    desk.press("h").at(few[1])
    words = "Another moderator has decided this case meanwhile."
    expect(desk.page.locator(f"#row-{few[0].pk} .problem")).to_have_text(words)
    desk.said(words)
    assert Counter(Decision.objects.values_list("case", flat=True)) == {few[0].pk: 1}


def test_keys_can_be_turned_off(browse, mo, few):
    mo.preferences = {"keys_on": False}
    mo.save()
    desk = Desk(browse(mo).new_page()).open()
    desk.page.locator(".case-link").first.focus()
    desk.press("h", "e", "?")
    expect(desk.page.locator("#keys")).to_be_hidden()
    desk.page.locator("#decide").get_by_role("button", name="Hide", exact=True).click()
    desk.said("Hidden")
    assert Decision.objects.count() == 1


def test_by_thumb(browse, mo, few):
    page = browse(mo, **PHONE).new_page()
    Desk(page).open()
    page.locator(f"#row-{few[1].pk} .case-link").tap()
    case = page.locator(f"#row-{few[1].pk} #case")
    expect(case).to_have_attribute("data-case", f"{few[1].pk}:{few[1].version}")
    button = page.locator("#decide").get_by_role("button", name="Keep", exact=True)
    assert button.bounding_box()["height"] >= 44
    button.tap()
    Desk(page).said("Kept")
    assert Decision.objects.get().case_id == few[1].pk


def test_without_a_script(browse, mo, few):
    page = browse(mo, java_script_enabled=False).new_page()
    page.goto("/admin/queue/?kind=tag")
    tags = [one for one in few if one.kind == "tag"]
    for one in tags[:2]:
        page.locator(f"#row-{one.pk} input[type=checkbox]").check()
    page.locator("#decide").get_by_role("button", name="Warn", exact=True).click()
    expect(page.get_by_text("Warned: 2 cases. z takes them back.")).to_be_visible()
    assert page.url.endswith("/admin/queue/?kind=tag")
    page.get_by_role("button", name="Take back my last decision").click()
    expect(page.get_by_text("Taken back: Warn")).to_be_visible()
    page.locator(f"#row-{tags[0].pk} .case-link").click()
    page.get_by_text("Suspend…").click()
    page.get_by_label("Days, from now on").fill("3")
    page.keyboard.press("Enter")  # alone it decides nothing
    assert not Decision.objects.standing().exists()
    page.get_by_role("button", name="Suspend", exact=True).click()
    expect(page.get_by_text("Suspended: ")).to_be_visible()


@both_looks
def test_pages_hold(browse, mo, few, ana, ada, look, watch):  # noqa: F811
    watch.expected = ("422",)
    cases.flag(ada, by=ana, reason="spam")
    page = browse(mo, **look).new_page()
    desk = Desk(page).open()
    holds(page, "the queue")
    desk.press("j", "j")
    expect(page.locator("#case h2")).to_be_visible()
    for key in ("n", "r", "p", "b", "t"):
        desk.press(key, "Escape")
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true })")
    holds(page, "a case beside the list, all open")
    desk.press("?")
    holds(page, "the keys")
    page.goto("/admin/queue/?article=nowhere")
    holds(page, "an empty list")
    kinds = {(one.kind, not one.reasons): one for one in few}
    for case in kinds.values():
        page.goto(case.get_absolute_url())
        page.locator("main details").evaluate_all(
            "all => all.forEach((one) => { one.open = true })"
        )
        holds(page, str(case))
    page.get_by_label("Days, from now on").fill("0")
    page.locator("#decide").evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name="Suspend", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    holds(page, "a refused decision")
