"""Made-up texts of the words of `seeds/`, drawn at random as often as they stand there.

They compress no better than a real text does, which repeats whole phrases.
"""

from __future__ import annotations

import random
import re
import unicodedata
from functools import cache

from django.conf import settings

SENTENCE_WORDS = (8, 34)  # evenly between: 21 on average, as in newswire
PARAGRAPH_SENTENCES = (1, 4)
SYLLABLES = [one + two for one in "bdfgklmnprstvz" for two in ("a", "e", "o")]


@cache
def seed_text() -> str:
    stories = sorted((settings.BASE_DIR / "seeds" / "stories").glob("*.txt"))
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in stories)
    return unicodedata.normalize("NFC", text)


@cache
def words() -> list[str]:
    """Return words without stops, so that sentences are as many as were asked for."""
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", seed_text())


def phrase(dice: random.Random, number: int) -> str:
    return " ".join(dice.choices(words(), k=number))


def sentence(dice: random.Random) -> str:
    # A letter before the stop could be an initial.
    return f"The {phrase(dice, dice.randint(*SENTENCE_WORDS))} again."


def paragraphs(dice: random.Random, sentences: int) -> list[list[str]]:
    """Return exactly so many sentences."""
    made, left = [], sentences
    while left:
        size = min(left, dice.randint(*PARAGRAPH_SENTENCES))
        left -= size
        made.append([sentence(dice) for _ in range(size)])
    return made


def name(dice: random.Random) -> str:
    """Return one of 74,088 names: a word that few stories have."""
    return "".join(dice.choices(SYLLABLES, k=3)).capitalize()
