"""A label as a bare row: each tag asks for one, and a QuerySet takes five times as long."""

from __future__ import annotations

from django.db import connection

from annotate.trips import fetch_row

from .models import Label

FIELDS = [one.attname for one in Label._meta.concrete_fields]
LABEL = f"""
    SELECT {", ".join(f'"{name}"' for name in FIELDS)}
      FROM annotations_label WHERE slug = %(label)s
"""  # noqa: S608 - composed of constants


def label_from(row: tuple) -> Label:
    return Label.from_db(connection.alias, FIELDS, row)


def label_with(slug: str) -> Label | None:
    row = fetch_row(LABEL, {"label": slug})
    return label_from(row) if row else None
