"""Small files that are made to take much: each is answered with a sentence, and in time."""

from __future__ import annotations

import re
import zlib

import pytest

from annotate.exchange.reading import StoryRefused, apart, read_story


def pdf(*objects: bytes) -> bytes:
    """Return a PDF of these objects, numbered from 1; the first is its catalogue."""
    data, offsets = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, entries)
    end += b"trailer << /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return data + end + b"startxref\n%d\n%%%%EOF" % len(data)


def page(content: bytes) -> bytes:
    """Return a PDF with one page, whose content was packed twice."""
    packed = zlib.compress(zlib.compress(content, 1), 9)
    filters = b"/Filter [/FlateDecode /FlateDecode]"
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R >>",
        b"<< %s /Length %d >>\nstream\n%s\nendstream" % (filters, len(packed), packed),
    )


LOOP = pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Kids [2 0 R 2 0 R] /Count 400 >>")
LIE = pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Kids [] /Count 2000000000 >>")
TEXT = page(b"BT " + b"(a) Tj " * 6_000_000 + b"ET")
DEEP = page(b"[" * 2_000_000)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", LOOP),
        ("a.pdf", LIE),
        ("a.pdf", TEXT),
        ("a.pdf", DEEP),
        ("a.md", b">" * 500_000),
        ("a.html", b"<div>" * 100_000),
    ],
    ids=["loop of pages", "lie about pages", "much text", "nested", "quotations", "divs"],
)
def test_a_bomb_is_answered_with_a_sentence(monkeypatch, name, data):
    monkeypatch.setattr(apart, "MEMORY_BYTES", 512 * 1024**2)
    assert len(data) < 1_000_000
    with pytest.raises(StoryRefused) as refusal:
        read_story(name, data)
    assert re.fullmatch(r"[A-Z].+\.", str(refusal.value))
    assert "seconds" not in str(refusal.value)  # none takes as long as it may
