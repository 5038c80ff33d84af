"""Signing in and out, and where it leads."""

import lxml.html
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from annotate.annotations.actions import annotate
from tests.factories import PASSWORD, make_user
from tests.test_blind import ASIDE

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/sign-in/"


def sign_in(client, **fields):
    return client.post(SIGN_IN, {"username": "ana", "password": PASSWORD, **fields})


def test_sign_in_leads_to_the_stories(client, ana):
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (303, "/")
    assert client.get("/").status_code == 200


def test_name_is_taken_in_capitals_where_it_is_one_persons(client, ana, db):
    assert sign_in(client, username="ANA").status_code == 303
    assert client.get("/accounts/settings/").status_code == 200
    client.logout()
    make_user("Ana")
    assert "Please enter a correct username" in sign_in(client, username="ANA").text
    assert sign_in(client, username="ana").status_code == 303
    client.logout()
    assert sign_in(client, username="Ana").status_code == 303


def test_name_in_other_letters_is_another(client, db):
    make_user("mira")
    # Capital of both in Unicode: attempts would be counted apart.
    assert "Please enter a correct username" in sign_in(client, username="m\u0131ra").text


def test_sign_in_leads_back_to_the_page_asked_for(client, ana, article):
    page = f"/articles/{article.pk}/?x=1"
    asked = client.get(page)
    assert asked["Location"] == f"{SIGN_IN}?next=/articles/{article.pk}/%3Fx%3D1"
    form = client.get(asked["Location"])
    assert f'<input type="hidden" name="next" value="{page}">' in form.text
    assert sign_in(client, next=page)["Location"] == page


@pytest.mark.parametrize(
    "elsewhere",
    [
        *["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)"],
        *["http:///example.org", SIGN_IN, f"{SIGN_IN}?next={SIGN_IN}", "\x00"],
    ],
)
def test_sign_in_leads_nowhere_else_and_not_to_itself(client, ana, elsewhere):
    assert sign_in(client, next=elsewhere)["Location"] == "/"
    again = client.get(SIGN_IN, {"next": elsewhere})
    assert (again.status_code, again["Location"]) == (302, "/")


def test_failed_sign_in_keeps_the_name_and_says_why(client, ana):
    response = sign_in(client, password="wrong", next="/articles/new/")
    assert response.status_code == 422
    assert 'value="ana"' in response.text
    assert "wrong" not in response.text
    assert 'name="next" value="/articles/new/"' in response.text
    assert (
        "Please enter a correct username and password. "
        "Note that both fields may be case-sensitive." in response.text
    )


@pytest.mark.parametrize("who", ["nobody", "inactive"])
def test_nobody_and_inactive_people_are_answered_as_by_a_wrong_password(client, ana, who):
    inactive = make_user("inactive")
    inactive.is_active = False
    inactive.save()
    wrong = sign_in(client, password="wrong")
    other = sign_in(client, username=who)
    assert other.status_code == 422
    told = other.content.replace(f'value="{who}"'.encode(), b'value="ana"')
    assert ASIDE.sub(b"", told) == ASIDE.sub(b"", wrong.content)


def test_name_with_a_null_character_is_refused(client, ana):
    response = sign_in(client, username="a\x00na")
    assert response.status_code == 422
    assert "Null characters are not allowed." in response.text


def test_signed_in_person_is_led_on(as_ana):
    response = as_ana.get(SIGN_IN, {"next": "/articles/new/"})
    assert (response.status_code, response["Location"]) == (302, "/articles/new/")


def test_sign_out_ends_the_session(as_ana):
    assert as_ana.post("/accounts/sign-out/")["Location"] == SIGN_IN
    assert as_ana.get("/")["Location"] == f"{SIGN_IN}?next=/"
    # Once more, from a page that still stood open.
    assert as_ana.post("/accounts/sign-out/")["Location"] == SIGN_IN
    assert as_ana.get("/accounts/sign-out/").status_code == 405


# --- Forms of a page from before ------------------------------------------------------------
NOTE = "Two words, and a\n“quotation”"


@pytest.fixture
def tab(ana):
    """A browser without scripts, as it is: it sends back tokens, and says where it is from."""
    return Client(enforce_csrf_checks=True, headers={"Origin": "http://testserver"})


def form_of(response, button: str):
    """Return the form with this button, as a browser fills it in."""
    forms = lxml.html.fromstring(response.text).forms
    return next(one for one in forms if button in one.text_content())


def fields_of(form) -> dict[str, str]:
    # The line end that a text area begins with is dropped.
    areas = {one.name: one.value.removeprefix("\n") for one in form.iter("textarea")}
    return {**dict(form.form_values()), **areas}


def sign_in_in(tab, name="ana"):
    form = fields_of(form_of(tab.get(SIGN_IN), "Sign in"))
    return tab.post(SIGN_IN, {**form, "username": name, "password": PASSWORD})


def test_sign_in_of_a_second_tab_says_that_the_first_did_it(tab, ana):
    second = fields_of(form_of(tab.get(f"{SIGN_IN}?next=/guideline/"), "Sign in"))
    assert sign_in_in(tab).status_code == 303

    page = tab.post(
        SIGN_IN,
        {**second, "username": "ana", "password": PASSWORD},
        headers={"Referer": f"http://testserver{SIGN_IN}?next=/guideline/"},
    )

    assert page.status_code == 403
    assert "<h1>This page was out of date</h1>" in page.text
    assert "Now you are signed in as <b><bdi>ana</bdi></b>." in page.text
    assert f'<a href="{SIGN_IN}?next=/guideline/">Open the page again.</a>' in page.text
    assert PASSWORD not in page.text
    assert 'id="message"' not in page.text  # static/js/reading/outbox.js
    assert tab.get(f"{SIGN_IN}?next=/guideline/")["Location"] == "/guideline/"


def test_note_of_a_tab_from_before_a_sign_in_is_kept_and_sent_again(tab, ana, article, claim):
    tag = annotate(article=article, reviewer=ana, label=claim, start=0, end=5).annotation
    sign_in_in(tab)
    old = form_of(tab.get(f"/annotations/{tag.pk}/"), "Save")
    sent = {**fields_of(old), "note": NOTE, "confidence": ""}
    tab.post("/accounts/sign-out/", fields_of(form_of(tab.get("/"), "Sign out")))
    sign_in_in(tab)

    page = tab.post(old.action, sent)

    assert page.status_code == 403
    again = form_of(page, "Send again")
    assert again.action == old.action
    assert tab.post(again.action, fields_of(again)).status_code in (302, 303)
    tag.refresh_from_db()
    assert tag.note == NOTE


def test_what_another_site_let_a_browser_send_is_not_offered(tab, ana, article):
    sign_in_in(tab)
    for origin in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        page = tab.post(f"/articles/{article.pk}/undo/", {"text": "bad words"}, headers=origin)
        assert page.status_code == 403
        assert "<h1>This page was out of date</h1>" in page.text
        assert "bad words" not in page.text
        assert "Send again" not in page.text


@pytest.mark.parametrize(
    "referer",
    ["http://testserver//elsewhere.example/", "http://elsewhere.example/", "http://[", ""],
)
def test_the_way_back_leads_to_no_other_host(tab, ana, article, referer):
    sign_in_in(tab)
    page = tab.post(f"/articles/{article.pk}/undo/", headers={"Referer": referer})
    assert '<a href="/">Open the page again.</a>' in page.text
    assert "elsewhere" not in page.text


def test_scripts_are_told_of_another_token_in_a_line(tab, ana, article):
    sign_in_in(tab)
    told = tab.post(f"/articles/{article.pk}/undo/", headers={"HX-Request": "true"})
    assert (told.status_code, told.text) == (403, "This page is out of date. Open it again.\n")


def test_form_sent_after_the_session_ended_is_kept_and_sent_again(tab, ana, article, claim):
    tag = annotate(article=article, reviewer=ana, label=claim, start=0, end=5).annotation
    sign_in_in(tab)
    place = f"/annotations/{tag.pk}/"
    old = form_of(tab.get(place), "Save")
    Session.objects.all().delete()

    page = tab.post(
        old.action,
        {**fields_of(old), "note": NOTE, "confidence": ""},
        headers={"Referer": f"http://testserver{place}"},
    )

    assert page.status_code == 401
    assert "<h1>Your session has ended</h1>" in page.text
    assert f'href="{SIGN_IN}?next={place}"' in page.text
    kept = form_of(page, "Send again")
    assert sign_in_in(tab).status_code == 303
    once_more = form_of(tab.post(kept.action, fields_of(kept)), "Send again")
    assert tab.post(once_more.action, fields_of(once_more)).status_code in (302, 303)
    tag.refresh_from_db()
    assert tag.note == NOTE


def test_secret_sent_after_the_session_ended_leads_back_to_its_page(client, db):
    page = "/accounts/password/"
    sent = client.post(
        page, {"old_password": PASSWORD}, headers={"Referer": f"http://testserver{page}#x"}
    )
    assert sent["Location"] == f"{SIGN_IN}?next={page}"
    assert (
        "Your session has ended, and what you just sent was not saved. "
        "Sign in and send it again." in client.get(sent["Location"]).text
    )


@pytest.mark.parametrize("referer", ["", "https://example.org/x", "nonsense", "http://["])
def test_page_of_a_form_that_is_not_ours_is_not_gone_to(client, article, referer):
    sent = client.post(f"/articles/{article.pk}/undo/", headers={"Referer": referer})
    assert sent["Location"] == f"{SIGN_IN}?next=/"
