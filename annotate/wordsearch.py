"""Find rows by words of a text, which an index can have; by parts of words it cannot."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

MOST = 1_000  # rows that are looked up first; of what more have, the newest are found soon


def beginnings(words: str, config: str = "simple") -> SearchQuery | None:
    """Return what finds texts with all these words, or longer ones that begin so."""
    parts = re.findall(r"\w+", words)
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
