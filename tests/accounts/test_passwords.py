"""Changing a password, and setting a new one by mail."""

import re

import pytest
from django.contrib.auth import authenticate

from annotate import settings as site
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "a quite different one"


def change(client, **fields):
    return client.post(
        "/accounts/password/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW, **fields},
    )


def weak(client, password: str) -> str:
    """Return what is said of a new password that is refused."""
    response = change(client, new_password1=password, new_password2=password)
    assert response.status_code == 422
    return response.text


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("x7Q!pq2", "This password is too short. It must contain at least 8 characters."),
        ("football1", "This password is too common."),
        ("01234567890123", "This password is entirely numeric."),
        ("Annotate-2026!", "Too little is left of this password without the words"),
        ("claimevidence1", "Too little is left of this password without the words"),
    ],
)
def test_weak_password_is_refused_in_words(as_ana, password, said):
    assert said in weak(as_ana, password)
    assert authenticate(username="ana", password=PASSWORD)


@pytest.mark.parametrize(
    "password", ["  ünï cöde 🧑‍🤝‍🧑 ", "A" * 40 + "annotate" * 8, "all small letters"]
)
def test_any_characters_and_many_of_them_are_a_password_as_they_are(as_ana, password):
    done = change(as_ana, new_password1=password, new_password2=password)
    assert done.status_code == 303
    assert authenticate(username="ana", password=password)
    assert not authenticate(username="ana", password=password.upper())
    assert not authenticate(username="ana", password=password[:-1])


def test_fields_for_passwords_hide_them_and_take_what_is_pasted(as_ana):
    page = as_ana.get("/accounts/password/").text
    fields = re.findall(r"<input[^>]*password[^>]*>", page)
    assert len(fields) == 3
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "maxlength" not in field
    assert "paste" not in page


def test_password_is_changed_and_the_session_goes_on(as_ana):
    response = change(as_ana)
    assert (response.status_code, response["Location"]) == (303, "/accounts/password/done/")
    assert "Your password is changed" in as_ana.get(response["Location"]).text
    assert authenticate(username="ana", password=NEW)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"old_password": "wrong"},
            "Your old password was entered incorrectly. Please enter it again.",
        ),
        ({"new_password2": "else"}, "The two password fields didn’t match."),
        (
            {"new_password1": "1234", "new_password2": "1234"},
            "This password is entirely numeric.",
        ),
    ],
)
def test_wrong_password_is_refused_in_words(as_ana, fields, said):
    response = change(as_ana, **fields)
    assert response.status_code == 422
    assert said in response.text
    assert authenticate(username="ana", password=PASSWORD)


def reset(client, email):
    return client.post("/accounts/password/reset/", {"email": email})


def test_forgotten_password_is_set_anew_by_mail(client, ana, mailoutbox):
    ana.email = "ana@example.org"
    ana.save()

    sent = reset(client, "ana@example.org")

    assert (sent.status_code, sent["Location"]) == (303, "/accounts/password/reset/sent/")
    [mail] = mailoutbox
    assert mail.subject == "Set a new password for Annotate"
    assert mail.to == ["ana@example.org"]
    assert mail.body.startswith(
        "Somebody, probably you, asked for a new password for the account “ana” on testserver."
    )
    link = re.search(r"http://testserver(/\S+)", mail.body)[1]
    form = client.get(link, follow=True)
    assert "<h1>Set a new password</h1>" in form.text
    address = form.redirect_chain[-1][0]
    refused = client.post(address, {"new_password1": NEW, "new_password2": "x"})
    assert refused.status_code == 422
    done = client.post(address, {"new_password1": NEW, "new_password2": NEW})
    assert (done.status_code, done["Location"]) == (303, "/accounts/password/reset/done/")
    assert authenticate(username="ana", password=NEW)

    assert "<h1>This link does not work</h1>" in client.get(link, follow=True).text


def test_address_of_nobody_is_answered_alike(client, ana, mailoutbox):
    assert reset(client, "nobody@example.org")["Location"] == "/accounts/password/reset/sent/"
    assert mailoutbox == []


def test_address_that_is_none_is_refused(client, db):
    response = reset(client, "ana")
    assert response.status_code == 422
    assert "Enter a valid email address." in response.text


@pytest.mark.parametrize(
    "page",
    [
        *["sign-in/", "password/reset/", "password/reset/sent/", "password/reset/done/"],
        "password/reset/MQ/x/",
    ],
)
def test_pages_for_people_who_are_not_signed_in(client, db, page):
    response = client.get(f"/accounts/{page}")
    assert response.status_code == 200
    assert response.text.count("<h1>") == 1


def test_link_that_is_printed_without_a_mail_server_works(client, ana, settings, capsys):
    settings.MAILERS = site.MAILERS
    ana.email = "ana@example.org"
    ana.save()
    reset(client, ana.email)
    printed = capsys.readouterr().out
    assert printed.startswith("Mail to ana@example.org: ")
    assert "account “ana” on testserver." in printed

    page = client.get(re.search(r"http://testserver(\S+)", printed)[1], follow=True)

    form = {"new_password1": NEW, "new_password2": NEW}
    client.post(page.redirect_chain[-1][0], form)
    assert authenticate(username="ana", password=NEW)
