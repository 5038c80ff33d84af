"""How a person likes to work: the keys of the reading page, what happens after a tag, the look.

Stored on the account, so that every device of a person works alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any

# action -> (key, what it does). Labels have keys of their own, which admins choose.
KEYS: dict[str, tuple[str, str]] = {
    "next": ("j", "Go to the next sentence (also ↓)"),
    "previous": ("k", "Go to the previous sentence (also ↑)"),
    "next_unread": ("]", "Go to the next sentence not yet tagged or read, or contested"),
    "previous_unread": ("[", "Go back to the one before"),
    "nothing": ("n", "Nothing to tag here"),
    "discuss": ("t", "Discuss the sentence or passage in focus"),
    "open": ("Enter", "Open the tag, or the palette of the sentence"),
    "undo": ("u", "Undo"),
    "redo": ("U", "Redo"),
    "guideline": ("g", "Show the guideline of the labels"),
    "help": ("?", "Show all keys"),
}
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
# What people can be told by mail, and when.
MAIL = {
    "assignment": "I am to review a story",
    "reveal": "A round of mine is revealed",
    "mention": "Somebody mentions me",
    "decision": "A moderator decided about my work",
}
MAIL_TIMES = {"once": "At once", "digest": "In one mail a day", "never": "Never"}
UNCHOSEN = {**dict.fromkeys(MAIL, "digest"), "decision": "once"}

# What people write -> how the key is called. The page or the browser needs these.
TAKEN = {
    **{" ": "Space", "space": "Space", "spacebar": "Space", "tab": "Tab", "shift": "Shift"},
    **{"escape": "Escape", "esc": "Escape", "control": "Control", "ctrl": "Control"},
    **{"alt": "Alt", "option": "Alt", "meta": "Meta", "command": "Meta", "cmd": "Meta"},
    **dict.fromkeys(["up", "down", "left", "right", *"↑↓←→"], "An arrow"),
    **dict.fromkeys(["arrowup", "arrowdown", "arrowleft", "arrowright"], "An arrow"),
}


class KeyRefused(ValueError):
    """A key cannot be chosen. The message is a sentence for the person."""


def key_of(written: str, action: str) -> str:
    """Return the key that a person wrote for an action, as a browser's `event.key` has it.

    Raises KeyRefused.
    """
    key = unicodedata.normalize("NFC", written)
    key = " " if key.isspace() else key.strip()
    name = key.casefold()
    if name == "enter":
        if action != "open":
            raise KeyRefused("Enter opens the sentence in focus. Choose another key.")
        return "Enter"
    if name in TAKEN:
        raise KeyRefused(f"{TAKEN[name]} is needed to move about the page. Choose another key.")
    if len(key) != 1 or not key.isprintable() or unicodedata.category(key)[0] == "M":
        raise KeyRefused("Write one character, such as x, 7 or +.")
    return key


@dataclass
class Preferences:
    """A person's choices; what they did not choose has the value here."""

    keys_on: bool = True
    keys: dict[str, str] = field(default_factory=dict)  # action or label slug -> key
    move_on: bool = False  # after a tag, to the next sentence
    theme: str = "system"  # or light, dark
    mail: dict[str, str] = field(default_factory=lambda: dict(UNCHOSEN))

    @classmethod
    def of(cls, user: Any) -> Preferences:
        """Return `user`'s choices; what is stored and makes no sense counts as not chosen."""
        stored = getattr(user, "preferences", None)
        preferences = cls()
        if not isinstance(stored, dict):
            return preferences
        for name in ("keys_on", "move_on"):
            if isinstance(stored.get(name), bool):
                setattr(preferences, name, stored[name])
        if isinstance(theme := stored.get("theme"), str) and theme in THEMES:
            preferences.theme = theme
        if isinstance(mail := stored.get("mail"), dict):
            preferences.mail |= {
                kind: when for kind, when in mail.items() if kind in MAIL and when in MAIL_TIMES
            }
        if isinstance(keys := stored.get("keys"), dict):
            preferences.keys = {
                action: key for action, key in keys.items() if _stands(action, key)
            }
        return preferences

    def key(self, action: str) -> str:
        return self.keys.get(action, KEYS[action][0])

    def key_map(self, labels: Collection[Any]) -> dict[str, str]:
        """Return the key of each action and of each label's slug, no key twice.

        What lost its chosen key to a label has its usual one; none ("") if that is in use.
        """
        usual = {action: key for action, (key, _) in KEYS.items()}
        usual |= {label.slug: label.key for label in labels}
        keys = {one: self.keys.get(one, key) for one, key in usual.items()}
        for lost in self.lost(labels):
            keys[lost] = ""
            keys[lost] = usual[lost] if usual[lost] not in keys.values() else ""
        return keys

    def lost(self, labels: Collection[Any]) -> dict[str, Any]:
        """Return what lost its chosen key, as action or slug -> the label that has it now.

        An admin gave that key to the label since. Everybody else presses it for the label.
        """
        owners = {label.key: label for label in labels if label.slug not in self.keys}
        known = {*KEYS, *(label.slug for label in labels)}
        return {
            one: owners[key] for one, key in self.keys.items() if one in known and key in owners
        }

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _stands(action: str, key: object) -> bool:
    try:
        return isinstance(key, str) and key_of(key, action) == key
    except KeyRefused:
        return False
