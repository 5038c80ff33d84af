"""The page of a person's own settings."""

import pytest

from annotate.accounts.models import User
from annotate.accounts.preferences import KEYS, Preferences
from annotate.annotations.models import Label
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("labels")]
PAGE = "/accounts/settings/"


def sent(**fields) -> dict[str, str]:
    """What the page sends when nothing was changed in it, and `fields`."""
    keys = {action: key for action, (key, _) in KEYS.items()}
    keys |= {"claim": "c", "evidence": "e", "speculation": "s"}
    usual = {"public_name": "ana", "email": "", "theme": "system", "keys_on": "on"}
    return {**usual, **{f"key_{action}": key for action, key in keys.items()}, **fields}


def save(client, **fields):
    return client.post(PAGE, sent(**fields))


def confirm(client) -> None:
    client.post("/accounts/confirm/", {"password": PASSWORD})


def saved() -> User:
    return User.objects.get(username="ana")


def test_page_shows_what_stands(as_ana):
    page = as_ana.get(PAGE)
    assert "You sign in as <b>ana</b>, reviewer." in page.text
    assert 'name="key_claim" value="c"' in page.text
    assert 'name="key_next" value="j"' in page.text
    assert page.text.count("<h1>") == 1


def test_choices_are_saved_on_the_account(as_ana):
    confirm(as_ana)
    response = save(
        as_ana,
        public_name=" Ana  Ruiz ",
        email="ana@example.org",
        theme="dark",
        move_on="on",
        key_next="x",
        key_claim="1",
    )

    assert (response.status_code, response["Location"]) == (303, PAGE)
    ana = saved()
    assert (ana.public_name, ana.email) == ("Ana Ruiz", "ana@example.org")
    assert Preferences.of(ana) == Preferences(
        keys={"next": "x", "claim": "1"}, move_on=True, theme="dark"
    )
    page = as_ana.get(PAGE)
    assert "Your settings are saved." in page.text
    assert '<html lang="en" data-theme="dark">' in page.text


def test_another_address_asks_for_the_password_and_is_saved_then(as_ana):
    asked = save(as_ana, email="ana@example.org", theme="dark")
    assert asked["Location"] == "/accounts/confirm/?next=%2Faccounts%2Fsettings%2F"
    assert saved().email == ""
    done = as_ana.post(asked["Location"], {"password": PASSWORD, "next": PAGE})
    assert (done.status_code, done["Location"]) == (303, PAGE)
    assert (saved().email, Preferences.of(saved()).theme) == ("ana@example.org", "dark")
    assert save(as_ana, email="ana@example.org", theme="light").status_code == 303


def test_keys_can_be_turned_off(as_ana):
    as_ana.post(PAGE, {name: value for name, value in sent().items() if name != "keys_on"})
    assert not Preferences.of(saved()).keys_on


def test_usual_keys_are_not_stored_so_that_they_may_change(as_ana):
    save(as_ana, key_next="", key_claim="c")
    assert saved().preferences["keys"] == {}


def test_two_keys_can_change_places(as_ana):
    assert save(as_ana, key_next="k", key_previous="j").status_code == 303
    assert Preferences.of(saved()).keys == {"next": "k", "previous": "j"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"key_next": "c"}, "c is also the key for “Claim: on or off”."),
        ({"key_next": "c"}, "c is also the key for “Go to the next sentence”."),
        ({"key_claim": "u"}, "u is also the key for “Undo”."),
        (
            {"key_next": "", "key_undo": "j"},
            "j is also the key for “Go to the next sentence”.",
        ),
        (
            {"key_undo": "n", "key_claim": "n"},
            "n is also the key for “Nothing to tag here” and “Undo”.",
        ),
        ({"key_next": " "}, "Space is needed to move about the page. Choose another key."),
        ({"key_next": "Tab"}, "Tab is needed to move about the page. Choose another key."),
        ({"key_next": "jj"}, "Write one character, such as x, 7 or +."),
        ({"key_next": "x" * 21}, "Ensure this value has at most 20 characters (it has 21)."),
        ({"email": "ana"}, "Enter a valid email address."),
        ({"theme": "pink"}, "Select a valid choice. pink is not one of the available choices."),
        (
            {"public_name": "a\u202eb"},
            "The name holds a character that cannot be shown. Take it out.",
        ),
        ({"public_name": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(as_ana, fields, said):
    before = saved()

    response = save(as_ana, move_on="on", **fields)

    assert response.status_code == 422
    assert said in response.text
    after = saved()
    assert (after.preferences, after.public_name, after.email) == (
        before.preferences,
        before.public_name,
        before.email,
    )


def test_what_was_typed_stays_in_the_form_and_not_in_the_header(as_ana):
    response = save(as_ana, public_name="Somebody Else", key_next="c")
    assert 'name="public_name" value="Somebody Else"' in response.text
    assert 'name="key_next" value="c"' in response.text
    assert "Somebody Else<span" not in response.text


@pytest.mark.parametrize("name", ["Ben", "ben"])
def test_name_of_somebody_else_is_taken(as_ana, name):
    make_user("ben", public_name=name)
    response = save(as_ana, public_name=name)
    assert response.status_code == 422
    assert "Somebody else has this name. Choose another one." in response.text


def test_empty_name_is_the_user_name(as_ana):
    save(as_ana, public_name="Ana Ruiz")
    save(as_ana, public_name="")
    assert saved().public_name == "ana"


def test_empty_name_does_not_take_that_of_somebody_else(as_ana):
    save(as_ana, public_name="Ana Ruiz")
    make_user("ben", public_name="ana")
    response = save(as_ana, public_name="")
    assert response.status_code == 422
    assert "Somebody else has this name. Choose another one." in response.text


def test_nothing_sent_is_refused(as_ana):
    assert as_ana.post(PAGE).status_code == 422


def test_settings_of_nonsense_can_be_opened_and_saved(as_ana):
    User.objects.update(preferences=["x"])
    assert as_ana.get(PAGE).status_code == 200
    assert save(as_ana).status_code == 303
    assert Preferences.of(saved()) == Preferences()


def test_a_key_that_a_label_took_is_told_until_another_is_chosen(as_ana):
    save(as_ana, key_undo="x")
    Label.objects.filter(slug="claim").update(key="x")
    page = as_ana.get(PAGE)
    said = "x is now the key of Claim. Choose another for “Undo”."
    assert f"{said} Until then its key is u." in page.text
    assert 'name="key_undo" value="u"' in page.text
    assert 'name="key_claim" value="x"' in page.text
    assert save(as_ana, key_claim="x", key_undo="").status_code == 303
    assert said not in as_ana.get(PAGE).text


def test_an_action_without_a_key_says_so(as_ana):
    save(as_ana, key_undo="x", key_nothing="u")
    Label.objects.filter(slug="claim").update(key="x")
    page = as_ana.get(PAGE)
    assert (
        "x is now the key of Claim. Choose another for “Undo”. Until then it has no key."
        in page.text
    )
    response = save(as_ana, key_claim="x", key_undo="", key_nothing="u")
    assert response.status_code == 422
    assert "u is also the key for “Nothing to tag here”." in response.text
