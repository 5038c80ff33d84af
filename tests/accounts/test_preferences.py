"""A person's choices, whatever is stored of them."""

import pytest

from annotate.accounts.models import User
from annotate.accounts.preferences import KEYS, KeyRefused, Preferences, key_of


class Label:
    def __init__(self, slug: str, key: str) -> None:
        self.slug, self.key = slug, key


def of(stored) -> Preferences:
    return Preferences.of(User(preferences=stored))


def test_choices_are_read_back():
    chosen = Preferences(keys_on=False, keys={"next": "x"}, move_on=True, theme="dark")
    assert of(chosen.as_json()) == chosen


@pytest.mark.parametrize(
    "stored",
    [
        *[None, [], "x", 3, {}, {"unknown": 1}, {"keys_on": "no"}, {"keys_on": 0}],
        *[{"move_on": None}, {"theme": "pink"}, {"theme": ["dark"]}, {"keys": ["x"]}],
        *[{"keys": {"next": 3}}, {"keys": {"next": ""}}, {"keys": {"next": " "}}],
        *[{"keys": {"next": "xy"}}, {"keys": {"next": None}}, {"keys": {"next": "Enter"}}],
    ],
)
def test_what_makes_no_sense_counts_as_not_chosen(stored):
    assert of(stored) == Preferences()


def test_what_makes_sense_beside_it_counts():
    stored = {"theme": 1, "move_on": True, "keys": {"next": "", "undo": "z"}}
    assert of(stored) == Preferences(move_on=True, keys={"undo": "z"})


def test_nobody_has_the_usual_choices():
    assert Preferences.of(None) == Preferences()


def test_map_has_a_key_for_each_action_and_label():
    chosen = Preferences(keys={"undo": "z", "claim": "1"})
    assert chosen.key_map([Label("claim", "c"), Label("evidence", "e")]) == {
        **{action: key for action, (key, _) in KEYS.items()},
        **{"undo": "z", "claim": "1", "evidence": "e"},
    }


def test_a_key_that_an_admin_gave_to_a_label_is_the_labels():
    chosen = Preferences(keys={"undo": "x", "claim": "1", "gone": "x"})
    labels = [Label("claim", "c"), Label("doubt", "x")]
    keys = chosen.key_map(labels)
    assert (keys["doubt"], keys["undo"], keys["claim"]) == ("x", "u", "1")
    assert chosen.lost(labels) == {"undo": labels[1]}
    # Whoever gave the label another key has lost nothing.
    assert not Preferences(keys={"undo": "x", "doubt": "2"}).lost(labels)


def test_a_usual_key_that_is_in_use_is_not_given_back():
    chosen = Preferences(keys={"undo": "x", "nothing": "u", "claim": "y"})
    keys = chosen.key_map([Label("claim", "c"), Label("doubt", "x"), Label("fact", "y")])
    assert (keys["undo"], keys["nothing"], keys["claim"]) == ("", "u", "c")
    assert sorted(filter(None, keys.values())) == sorted({*keys.values()} - {""})


@pytest.mark.parametrize(
    ("written", "key"), [("x", "x"), (" X ", "X"), ("7", "7"), ("é", "é"), ("e\u0301", "é")]
)
def test_one_character_is_a_key(written, key):
    assert key_of(written, "next") == key


def test_enter_opens_and_nothing_else():
    assert key_of("ENTER", "open") == "Enter"
    with pytest.raises(KeyRefused) as error:
        key_of("enter", "next")
    assert str(error.value) == "Enter opens the sentence in focus. Choose another key."


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *[(" ", "Space"), ("Space", "Space"), ("tab", "Tab"), ("\t", "Space")],
        *[("ArrowUp", "An arrow"), ("↓", "An arrow"), ("Esc", "Escape"), ("Ctrl", "Control")],
        ("Shift", "Shift"),
    ],
)
def test_key_that_moves_about_the_page_cannot_be_taken(written, name):
    with pytest.raises(KeyRefused) as error:
        key_of(written, "next")
    assert str(error.value) == (f"{name} is needed to move about the page. Choose another key.")


@pytest.mark.parametrize("written", ["ab", "F1", "\u0301", "\u200b", "🧑‍🤝‍🧑"])
def test_what_is_no_single_character_is_no_key(written):
    with pytest.raises(KeyRefused) as error:
        key_of(written, "next")
    assert str(error.value) == "Write one character, such as x, 7 or +."
