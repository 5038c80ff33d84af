import io
import struct
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from annotate.exchange.reading import Story, StoryRefused, read_here

DAMAGED = (
    "This is not a Word file that can be read: it may be damaged. "
    "Open it in your word processor, save it again as .docx, then try again."
)


def new() -> docx.document.Document:
    document = docx.Document()
    for name in ("title", "author", "language"):
        setattr(document.core_properties, name, "")
    return document


def saved(document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def read(document) -> Story:
    return read_here("story.docx", document if isinstance(document, bytes) else saved(document))


def with_paragraph(xml: str) -> Story:
    """Read a document with a first paragraph, and one of this XML."""
    document = new()
    document.add_paragraph("Some first paragraph.")
    document.element.body.insert(1, parse_xml(f"<w:p {nsdecls('w')}>{xml}</w:p>"))
    document.add_paragraph("Last.")
    return read(document)


def repacked(data: bytes, **parts: bytes) -> bytes:
    """Return a package with some parts put in or replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", 8) as package:
        for name in old.namelist():
            package.writestr(name, parts.pop(name, None) or old.read(name))
        for name, part in parts.items():
            package.writestr(name, part)
    return file.getvalue()


def test_paragraphs_lists_and_tables_in_order():
    document = new()
    document.add_paragraph("Minister quits", style="Title")
    document.add_paragraph("First.\tTabbed\nNew line so\u00adft e\u0301 👩🏽‍🚀")
    document.add_paragraph(" ")
    document.add_paragraph("Item", style="List Bullet")
    table = document.add_table(2, 2)
    for index, cell in enumerate(table._cells):
        cell.text = f"Cell {index}"
    document.add_paragraph("Last.")
    document.core_properties.author = "Ana Ruiz"
    document.core_properties.language = "de-AT"
    assert read(document) == Story(
        title="Minister quits",
        byline="Ana Ruiz",
        language="de",
        body="First.\tTabbed\nNew line so\u00adft é 👩🏽‍🚀\n\nItem\n\nCell 0\n\nCell 1\n\n"
        "Cell 2\n\nCell 3\n\nLast.",
    )


@pytest.mark.parametrize(
    ("styles", "property_title", "title"),
    [
        (("Heading 1", "Title", "Normal"), "Property", "Text 2"),
        (("Heading 1", "Normal", "Normal"), "Property", "Property"),
        (("Heading 1", "Normal", "Normal"), "", "Text 1"),
        (("Normal", "Heading 1", "Normal"), "story.docx", "Text 2"),
        (("Normal", "Normal", "Normal"), "", "Text 1"),
    ],
)
def test_title(styles, property_title, title):
    document = new()
    for number, style in enumerate(styles, 1):
        document.add_paragraph(f"Text {number}", style=style)
    document.core_properties.title = property_title
    found = read(document)
    assert found.title == title
    assert ("Text 1" in found.body) == (title != "Text 1")
    assert "Text 3" in found.body


def test_first_sentence_is_no_title():
    document = new()
    document.add_paragraph("The minister quit on Monday.")
    document.add_paragraph("Nobody knew why.")
    assert read(document).title == ""


def test_title_and_author_of_programs_are_none():
    document = docx.Document()
    document.add_paragraph("A sentence.")
    document.core_properties.title = "Microsoft Word - x"
    document.core_properties.author = "python-docx"
    found = read(document)
    assert (found.title, found.byline) == ("", "")


def test_tracked_changes():
    found = with_paragraph(
        '<w:r><w:t xml:space="preserve">One </w:t></w:r>'
        '<w:ins w:id="1" w:author="x"><w:r><w:t>two</w:t></w:r></w:ins>'
        '<w:del w:id="2" w:author="x"><w:r><w:delText>gone</w:delText></w:r></w:del>'
        '<w:moveFrom w:id="3" w:author="x"><w:r><w:t>away</w:t></w:r></w:moveFrom>'
        "<w:r><w:t>.</w:t></w:r>"
    )
    assert found.body.split("\n\n")[1] == "One two."
    assert found.notes == ("Tracked deletions were left out, tracked insertions kept.",)


def test_deleted_paragraph_mark_joins():
    found = with_paragraph(
        '<w:pPr><w:rPr><w:del w:id="1" w:author="x"/></w:rPr></w:pPr>'
        "<w:r><w:t>Goes on. </w:t></w:r>"
    )
    assert found.body.split("\n\n")[1] == "Goes on. Last."


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<w:hyperlink><w:r><w:t>linked</w:t></w:r></w:hyperlink>", "linked"),
        ("<w:sdt><w:sdtContent><w:r><w:t>field</w:t></w:r></w:sdtContent></w:sdt>", "field"),
        ("<w:r><w:instrText>PAGE</w:instrText><w:t>3</w:t></w:r>", "3"),
        ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:cr/><w:t>c</w:t></w:r>", "a\nb\nc"),
        ("<w:r><w:t>a</w:t><w:tab/><w:noBreakHyphen/><w:softHyphen/></w:r>", "a\t\u2011\u00ad"),
        ("<w:r><w:t>a</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>", "a"),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown</w:t></w:r>', "shown"),
        ("<w:smartTag><w:r><w:t>smart</w:t></w:r></w:smartTag>", "smart"),
    ],
)
def test_what_stands_in_a_paragraph(xml, text):
    assert with_paragraph(xml).body.split("\n\n")[1:-1] == [text]


@pytest.mark.parametrize(
    ("font", "char", "sign"),
    [
        ("Symbol", "F0B3", "≥"),
        ("Symbol", "b3", "≥"),
        ("Symbol", "F061", "α"),
        ("Symbol", "F0E5", "∑"),
        ("Wingdings", "F0E0", "→"),
        ("Wingdings", "F0FC", "✓"),
        ("Segoe UI Symbol", "2192", "→"),
        ("Segoe UI Emoji", "1F642", "🙂"),
    ],
)
def test_signs_by_their_place_in_a_font(font, char, sign):
    found = with_paragraph(
        f'<w:r><w:t>5 </w:t><w:sym w:font="{font}" w:char="{char}"/><w:t> 4.</w:t></w:r>'
    )
    assert found.body.split("\n\n")[1] == f"5 {sign} 4."
    assert found.notes == ()


@pytest.mark.parametrize(
    "attributes",
    [
        'w:font="Symbol" w:char="F0EF"',
        'w:font="Wingdings" w:char="F021"',
        'w:font="Webdings" w:char="F0B3"',
        'w:font="Symbol" w:char="no"',
        'w:font="Arial" w:char="D800"',
        'w:font="Arial" w:char="FFFFFF"',
        'w:char="7"',
        "",
    ],
)
def test_signs_that_cannot_be_read_are_told(attributes):
    found = with_paragraph(f"<w:r><w:t>5 </w:t><w:sym {attributes}/><w:t> 4.</w:t></w:r>")
    assert found.body.split("\n\n")[1] == "5 \ufffd 4."
    assert found.notes == ("Some signs could not be read and show as \ufffd.",)


def test_emoji_as_newer_versions_of_word_write_them():
    found = with_paragraph(
        '<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/'
        'markup-compatibility/2006"><mc:Choice Requires="w16se"><e:symEx xmlns:e="urn:e" '
        'e:char="1F642"/></mc:Choice><mc:Fallback><w:t>🙂</w:t></mc:Fallback>'
        "</mc:AlternateContent></w:r>"
    )
    assert found.body.split("\n\n")[1] == "🙂"


def test_page_break_ends_a_paragraph():
    found = with_paragraph('<w:r><w:t>a</w:t><w:br w:type="page"/><w:t>b</w:t></w:r>')
    assert found.body.split("\n\n")[1:3] == ["a", "b"]


def test_what_is_left_out_is_told():
    found = with_paragraph(
        '<w:r><w:t>a</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
        "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
    )
    assert "box" not in found.body
    assert found.notes == (
        "Footnotes and endnotes were left out.",
        "Text boxes were left out.",
    )


def test_document_without_text():
    with pytest.raises(StoryRefused, match=r"^There is no text in it\."):
        read(new())


def test_old_or_locked_file():
    with pytest.raises(StoryRefused) as refusal:
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    assert str(refusal.value) == (
        "This Word file has a password, or is of the old .doc kind. "
        "Save it as .docx without a password, then try again."
    )


def lying(data: bytes) -> bytes:
    """Let the directory say that a large part is small."""
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]


GOOD = saved(new())
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
BOMB = b"<x>" + bytes(99_000_000)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04",
        b"no zip",
        GOOD[:2000],
        GOOD[:-30],
        repacked(GOOD, **{"word/document.xml": b"<x/>"}),
        repacked(GOOD, **{"word/document.xml": b"<"}),
        repacked(GOOD, **{"word/document.xml": DOCTYPE + b"<x>&b;</x>"}),
        repacked(GOOD, **{"word/extra.xml": DOCTYPE.decode().encode("utf-16")}),
        repacked(GOOD, **{"[Content_Types].xml": b"<x/>"}),
        repacked(GOOD, **{"_rels/.rels": b"<x/>"}),
        lying(repacked(GOOD, **{"word/zeros.xml": bytes(1_000_000)})),
    ],
    ids=[
        *[
            "start",
            "text",
            "half",
            "no directory",
            "other root",
            "broken",
            "entities",
            "utf-16",
        ],
        *["no types", "no main part", "lying directory"],
    ],
)
def test_damaged_or_hostile_package(data):
    with pytest.raises(StoryRefused) as refusal:
        read(data)
    assert str(refusal.value) == DAMAGED


def test_packed_otherwise_is_refused():
    file = io.BytesIO(GOOD)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_LZMA) as package:
        package.writestr("word/extra.xml", bytes(1000))
    with pytest.raises(StoryRefused) as refusal:
        read(file.getvalue())
    assert str(refusal.value) == DAMAGED


@pytest.mark.parametrize(
    "parts",
    [
        {"word/media/a.png": BOMB, "word/media/b.png": BOMB},
        {"word/document.xml": b"<x>" + bytes(50_000_000)},
        {f"word/{number}": b"" for number in range(5_001)},
    ],
    ids=["large", "much XML", "many"],
)
def test_package_that_unpacks_to_too_much(parts):
    with pytest.raises(StoryRefused) as refusal:
        read(repacked(GOOD, **parts))
    assert str(refusal.value) == (
        "This Word file unpacks to far more than a story. "
        "Take out its pictures, or paste the text."
    )


def test_deep_nesting_has_an_end():
    deep = "<w:ins>" * 200 + "<w:r><w:t>x</w:t></w:r>" + "</w:ins>" * 200
    assert with_paragraph(deep).body.split("\n\n")[1] == "x"
    xml = (
        f"<w:document {nsdecls('w')}><w:body><w:p>"
        + "<w:ins>" * 100_000
        + "</w:ins>" * 100_000
        + "</w:p></w:body></w:document>"
    )
    with pytest.raises(StoryRefused) as refusal:
        read(repacked(GOOD, **{"word/document.xml": xml.encode()}))
    assert str(refusal.value) == DAMAGED
