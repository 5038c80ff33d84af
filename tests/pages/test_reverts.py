"""The pages of reverts and of the audit log, wide and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from annotate.annotations import actions as tagging
from annotate.moderation.models import Revert
from tests.pages.conftest import DESKTOP, PHONE
from tests.pages.test_every_page import holds

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_somebody_did_is_undone_and_read_in_the_log(
    browse, ana, mo, article, claim, watch
):
    watch.expected = ("422",)
    tagging.annotate(article=article, reviewer=ana, label=claim, start=0, end=5)
    page = browse(mo, **DESKTOP).new_page()
    small = browse(mo, **{**PHONE, "color_scheme": "dark"}).new_page()

    def both(address: str) -> None:
        for one in (page, small):
            one.goto(address)
            holds(one, address)

    both("/admin/revert/?person=nobody")
    page.get_by_label("By whom").fill("ana")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.locator("#plan")).to_have_text("This would change 1 tag")
    small.goto(page.url)
    holds(page, "a plan")
    holds(small, "a plan on a phone")
    page.get_by_label("Why").fill("Spam.")
    page.get_by_role("button", name="Undo 1 tag").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Revert [0-9]+"))
    both(f"/admin/revert/{Revert.objects.get().pk}/")
    both("/admin/audit/")
    both("/admin/audit/?by=nobody")
