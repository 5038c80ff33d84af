"""What docs/operations.md tells to ask the database can be asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection

PAGE = Path(__file__).resolve().parents[2] / "docs/operations.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.split()[1])
def test_query_can_be_asked(db, query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.description
