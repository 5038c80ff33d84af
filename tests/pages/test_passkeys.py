"""A second factor in a browser, with an authenticator that Chromium makes up."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.factories import PASSWORD
from tests.pages.conftest import DESKTOP, PHONE
from tests.pages.test_every_page import holds

pytestmark = pytest.mark.django_db(transaction=True)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PAGE = "/accounts/second-factor/"


@pytest.fixture
def page(browse, ana, live_server, watch) -> Page:
    """A phone of ana's that keeps passkeys. They need a name for the site, not a number."""
    watch.origin = live_server.url.replace("127.0.0.1", "localhost")
    context = browse(base_url=watch.origin, color_scheme="dark", **PHONE)
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return page


def sign_in(page: Page) -> None:
    page.goto("/accounts/sign-in/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_and_signs_in(page, ana):
    sign_in(page)
    page.goto(PAGE)
    holds(page, "no second factor")
    page.get_by_role("link", name="Add a passkey").click()
    holds(page, "confirming by password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    holds(page, "adding a passkey")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".codes code")).to_have_count(10)
    holds(page, "recovery codes")
    codes = page.locator(".codes code").all_inner_texts()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a file").click()
    assert saved.value.path().read_text().split() == codes
    page.goto(f"{PAGE}app/")
    holds(page, "setting up an app")
    page.set_viewport_size(DESKTOP["viewport"])
    page.emulate_media(color_scheme="light")
    page.goto(PAGE)
    holds(page, "a second factor")
    page.get_by_role("link", name="Rename").click()
    holds(page, "renaming")
    page.goto(f"{PAGE}codes/new/")
    holds(page, "new codes")

    page.get_by_role("button", name="Sign out").click()
    page.goto("/accounts/sign-in/?next=/articles/new/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/articles/new/", wait_until="commit")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
    holds(page, "the second factor")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto("/accounts/confirm/passkey/")
    holds(page, "confirming by passkey")

    ana.is_active = False
    ana.save(update_fields=["is_active"])
    page.goto("/accounts/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("You cannot sign in with this passkey.")).to_be_visible()


def test_what_went_wrong_is_said(page):
    page.goto("/accounts/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_have_text(
        "The passkey was not used: it was cancelled, or there is none for this site. Try again."
    )
    holds(page, "no passkey")
