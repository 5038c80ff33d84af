"""Targets: the native export, read back: bytes, changed fields, and into a database."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import atheris
from django.db import connection, transaction

from annotate.articles.actions import TextStands
from annotate.exchange import formats
from annotate.exchange.fields import ImportRefused
from annotate.exchange.importing import import_file, parse

_SEED = [
    json.loads(line)
    for line in Path(__file__).with_name("corpus").joinpath("jsonl/team.jsonl").open("rb")
]
_HOSTILE: list[Any] = [
    *[None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 1.0, 1e308, "", " ", "\0", "\ud800"],
    *["a" * 600, "\u202e", "ana", "claim", "open", "closed", "revealed", "blind", "kept"],
    *["2017-11-13", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2017-11-13T1Z"],
    *[[], [None], [{}], {}, {"": ""}, ["ana", "ana"], "javascript:alert(1)", "https://a.b/"],
]


def jsonl(data: bytes) -> None:
    _taken(data)


def lines(data: bytes) -> None:
    _taken(_changed(data))


def store(data: bytes) -> None:
    """Import into a database that is empty again afterwards; what is in it, comes out."""
    made = _changed(data)
    # Most are refused while they are read, which needs no transaction.
    if not _taken(made):
        return
    with transaction.atomic():
        try:
            with transaction.atomic():
                article = import_file(io.BytesIO(made)).article
        except (ImportRefused, TextStands) as refusal:
            str(refusal).encode()
        else:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            article.refresh_from_db()
            for tag in article.annotations.all():
                assert article.text[tag.start : tag.end] == tag.exact
            out = b"".join(formats.find("jsonl").encode(article, None))
            parse(io.BytesIO(out))
            b"".join(formats.find("csv").encode(article, None))
        finally:
            transaction.set_rollback(True)


def _taken(data: bytes) -> bool:
    try:
        parse(io.BytesIO(data))
    except ImportRefused as refusal:
        words = str(refusal)
        words.encode()
        assert words.endswith("Nothing was imported.")
        assert len(words.splitlines()) == 1
        return False
    return True


def _changed(data: bytes) -> bytes:
    """Return the seed with some lines and fields changed as `data` says."""
    provider = atheris.FuzzedDataProvider(data)
    objects = copy.deepcopy(_SEED)
    text = objects[0]["text"]
    for _ in range(provider.ConsumeIntInRange(1, 5)):
        at = provider.ConsumeIntInRange(0, len(objects) - 1)
        match provider.ConsumeIntInRange(0, 7):
            case 0:
                objects.insert(
                    provider.ConsumeIntInRange(0, len(objects)), copy.deepcopy(objects[at])
                )
            case 1 if len(objects) > 1:
                del objects[at]
            case 2 if "exact" in objects[at]:
                start = provider.ConsumeIntInRange(0, len(text) - 1)
                end = provider.ConsumeIntInRange(start + 1, len(text))
                objects[at] |= {"start": start, "end": end, "exact": text[start:end]}
            case _:
                _change_field(objects[at], provider)
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def _change_field(thing: Any, provider: atheris.FuzzedDataProvider) -> None:
    """Give one field of an object, or of one inside it, another value, or none."""
    while isinstance(thing, (dict, list)) and thing:
        keys = sorted(thing) if isinstance(thing, dict) else range(len(thing))
        key = keys[provider.ConsumeIntInRange(0, len(keys) - 1)]
        inner = thing[key]
        if isinstance(inner, (dict, list)) and inner and provider.ConsumeIntInRange(0, 3):
            thing = inner
            continue
        match provider.ConsumeIntInRange(0, 9):
            case 0:
                del thing[key]
            case 1 if isinstance(thing, dict):
                thing[provider.ConsumeUnicode(6)] = inner
            case 2:
                thing[key] = provider.ConsumeUnicode(20)
            case 3:
                thing[key] = provider.ConsumeInt(4)
            case 4 if isinstance(inner, int):
                thing[key] = inner + provider.ConsumeIntInRange(-2, 2)
            case 5 if isinstance(inner, str):
                at = provider.ConsumeIntInRange(0, len(inner))
                thing[key] = inner[:at] + provider.ConsumeUnicode(4) + inner[at:]
            case _:
                thing[key] = copy.deepcopy(provider.PickValueInList(_HOSTILE))
        return
