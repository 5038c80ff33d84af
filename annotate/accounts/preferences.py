"""How a person likes to work: the keys of the reading page, what happens after a tag, the look.

Stored on the account, so that every device of a person works alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

# action -> (key, what it does). Labels have keys of their own, which admins choose.
KEYS: dict[str, tuple[str, str]] = {
    "next": ("j", "Go to the next sentence (also ↓)"),
    "previous": ("k", "Go to the previous sentence (also ↑)"),
    "next_unread": ("]", "Go to the next sentence not yet tagged or read"),
    "nothing": ("n", "Nothing to tag here"),
    "open": ("Enter", "Open the tag, or the palette of the sentence"),
    "undo": ("u", "Undo"),
    "redo": ("U", "Redo"),
    "guideline": ("g", "Show the guideline of the labels"),
    "help": ("?", "Show all keys"),
}


@dataclass
class Preferences:
    """A person's choices; what they did not choose has the value here."""

    keys_on: bool = True
    keys: dict[str, str] = field(default_factory=dict)  # action or label slug -> key
    move_on: bool = False  # after a tag, to the next sentence
    theme: str = "system"  # or light, dark

    @classmethod
    def of(cls, user: Any) -> Preferences:
        stored = getattr(user, "preferences", None) or {}
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def key(self, action: str) -> str:
        return self.keys.get(action, KEYS[action][0])

    def key_map(self, labels: Iterable[Any]) -> dict[str, str]:
        """Return the key of each action and of each label's slug."""
        actions = {action: self.key(action) for action in KEYS}
        return actions | {one.slug: self.keys.get(one.slug, one.key) for one in labels}

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
