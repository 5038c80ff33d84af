"""Find rows by words of a text, which an index can have; by parts of words it cannot.

PostgreSQL's parser takes every character that is not ASCII for a letter where the locale of
the database is C, as that of the embedded server is: of “word” it makes one word with its
quotation marks. So whatever separates words is a space before the parser sees it, in a text
and in what is looked for: then all servers find the same.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Func, Q, QuerySet, TextField

# Punctuation, symbols and spaces beyond ASCII, for a regular expression of Python and of
# PostgreSQL. `spaced_words` in the database has the same, by a migration of articles.
SEPARATORS = "".join(
    [
        r"\u0080-\u00a9\u00ab\u00ac\u00ae-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7",
        r"\u02c2-\u02c5\u02d2-\u02df",  # so far Latin
        r"\u037e\u0384\u0385\u0387\u1fbd\u1fbf-\u1fc1",  # Greek
        r"\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd\u1ffe",
        r"\u0482\u055a-\u055f\u0589-\u058f\u10fb",  # Cyrillic, Armenian, Georgian
        r"\u05be\u05c0\u05c3\u05c6\u05f3\u05f4",  # Hebrew
        r"\u0606-\u060f\u061b-\u061f\u066a-\u066d\u06d4",  # Arabic
        r"\u06dd\u06de\u06e9\u06fd\u06fe",
        r"\u0700-\u070f\u07f7-\u07f9\u1360-\u1368\u166e",  # Syriac, N’Ko, Ethiopic, Canadian
        r"\u0964\u0965\u0970\u09f2\u09f3\u09fb\u09fd\u0a76\u0af0\u0af1\u0bf9",  # of India
        r"\u0c77\u0c84\u0df4",
        r"\u0e3f\u0e4f\u0e5a\u0e5b\u0f04-\u0f14\u0f3a-\u0f3d\u0fd0-\u0fd4",  # Thai, Tibetan
        r"\u104a-\u104f\u17d4-\u17d6\u17d8-\u17db\u1800-\u180a",  # Burmese, Khmer, Mongolian
        r"\u1680\u2000-\u2070\u2074-\u207e\u2080-\u208e\u20a0-\u20cf\u20e3",  # of all languages
        r"\u2100\u2101\u2103-\u2106\u2109\u2116\u2117\u2120-\u2122\u2150-\u215f\u2190-\u2bff",
        r"\u2e00-\u2e2e\u2e30-\u2e7f\u2ff0-\u3004\u3008-\u3020\u3030\u3036\u3037",  # Chinese
        r"\u303d-\u303f\u309b\u309c\u30a0\u30fb\u3200-\u33ff",  # Japanese
        r"\ue000-\uf8ff\ufd3e\ufd3f\ufdfc\ufe0e-\ufe19\ufe30-\ufe6b",  # forms, wide and narrow
        r"\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\uffff",
        r"\U0001f000-\U0001fbef\U000e0000-\U000e007f",  # pictures
    ]
)
SOFT_HYPHEN = "\u00ad"  # stands within a word
_SEPARATED = re.compile(f"[{SEPARATORS}]+")
# ASCII, too, but for what a word of `to_tsquery` may have.
_BETWEEN = re.compile(rf"[\x00-\x2f:-@\[-^`{{-\x7f{SEPARATORS}]+")

MOST = 1_000  # rows that are looked up first; of what more have, the newest are found soon


def spaced(words: str) -> str:
    """Return `words` with a space for whatever beyond ASCII separates words."""
    return _SEPARATED.sub(" ", words.replace(SOFT_HYPHEN, ""))


def words_of(*fields: str) -> SearchVector:
    """Return the words of these fields, each as it is written, as an index has them."""
    texts = [Func(one, function="spaced_words", output_field=TextField()) for one in fields]
    return SearchVector(*texts, config="simple")


def sought(words: str, config: str) -> SearchQuery:
    """Return what finds texts as people ask for them: "phrase", -without, or."""
    return SearchQuery(spaced(words), config=config, search_type="websearch")


def beginnings(words: str, config: str = "simple") -> SearchQuery | None:
    """Return what finds texts with all these words, or longer ones that begin so."""
    parts = [part for part in _BETWEEN.split(words.replace(SOFT_HYPHEN, "")) if part]
    if not parts:
        return None
    query = " & ".join(f"{part}:*" for part in parts)
    return SearchQuery(query, config=config, search_type="raw")


def few(rows: QuerySet[Any], name: str = "pk") -> list[Any] | None:
    """Return a column of the rows if they are few, else None."""
    found = list(rows.order_by().values_list(name, flat=True)[: MOST + 1])
    return found if len(found) <= MOST else None


def among(rows: QuerySet[Any], path: str = "pk") -> Q:
    """Return what holds where `path` is one of these rows: by number, if they are few."""
    found = few(rows)
    return Q(**{f"{path}__in": rows.order_by().values("pk") if found is None else found})
