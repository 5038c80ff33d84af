"""Language tags: the shape of BCP 47, and those a newsroom meets most."""

import re

from django.core.exceptions import ValidationError

COMMON = {
    "en": "English",
    "ar": "Arabic",
    "zh-Hans": "Chinese, simplified",
    "zh-Hant": "Chinese, traditional",
    "nl": "Dutch",
    "fr": "French",
    "de": "German",
    "he": "Hebrew",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "fa": "Persian",
    "pl": "Polish",
    "pt": "Portuguese",
    "pt-BR": "Portuguese, Brazil",
    "ru": "Russian",
    "es": "Spanish",
    "tr": "Turkish",
    "uk": "Ukrainian",
}

# language, script, region, variants, extensions, private use: RFC 5646, section 2.1, without
# the tags that it only keeps for the past.
_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}"
    r"(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(-[0-9a-wyz](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?"
)


def canonical_language(tag: str) -> str:
    """Return a language tag as RFC 5646 likes it written: `zh-Hant`, `pt-BR`.

    Raises ValidationError if it has not the shape of one.
    """
    lower = tag.strip().replace("_", "-").lower()
    if not _TAG.fullmatch(lower):
        # What turns the line's direction or breaks it is not repeated.
        what = f"“{tag}”" if tag.isprintable() else "This"
        raise ValidationError(
            f"{what} is not a language tag. Write one such as en, pt-BR or zh-Hant."
        )
    head, *rest = lower.split("-")
    parts = [head]
    for part in rest:
        plain = len(parts[-1]) > 1 and "x" not in parts
        if plain and len(part) == 2:
            part = part.upper()
        elif plain and len(part) == 4 and part.isalpha():
            part = part.title()
        parts.append(part)
    return "-".join(parts)
