"""Signing in and out, and where it leads."""

import pytest

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


def test_form_sent_after_the_session_ended_leads_back_to_its_page(client, ana, article):
    page = f"/articles/{article.pk}/"
    sent = client.post(
        f"{page}annotations/",
        {"start": 0, "end": 5, "label": "claim"},
        headers={"Referer": f"http://testserver{page}#sentence-1"},
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
