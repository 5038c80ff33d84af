"""Word files: paragraphs, list items and table cells in the order of the document."""

import io
import re
import zipfile
from collections.abc import Iterator

from annotate.exchange.story import (
    Story,
    StoryRefused,
    author_of_file,
    metadata,
    split_headline,
    title_of_file,
    without_headline,
)

MAX_UNPACKED_BYTES = 100_000_000
MAX_XML_BYTES = 50_000_000  # of these a small file can make a reader busy for long
MAX_PARTS = 5_000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DAMAGED = (
    "This is not a Word file that can be read: it may be damaged. "
    "Open it in your word processor, save it again as .docx, then try again."
)

# What holds runs or paragraphs and is itself part of the text. Left out with all it holds is
# everything else: tracked deletions and moves away, properties, field codes, drawings.
_CONTAINERS = {
    *[_W + name for name in ("body", "customXml", "fldSimple", "hyperlink", "ins", "moveTo")],
    *[_W + name for name in ("r", "sdt", "sdtContent", "smartTag", "tbl", "tc", "tr")],
    *[_W + name for name in ("bdo", "dir", "ruby", "rubyBase")],
    # How Word writes emoji: as a sign of its newest versions, or else as text.
    *[_MC + name for name in ("AlternateContent", "Fallback")],
}
_CHARACTERS = {
    _W + "tab": "\t",
    _W + "ptab": "\t",
    _W + "cr": "\n",
    _W + "softHyphen": "\u00ad",
    _W + "noBreakHyphen": "\u2011",
}
# Signs that Word writes by their place in a font (`w:sym`). Of the font Symbol, all that are
# not pieces of taller signs; of Wingdings, what Word makes of `-->`, `:)` and the like, check
# marks and bullets.
_SYMBOL = {
    **dict(zip(range(0x20, 0x40), " !∀#∃%&∋()∗+,−./0123456789:;<=>?", strict=True)),
    **dict(zip(range(0x40, 0x60), "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_", strict=True)),
    **dict(zip(range(0x61, 0x7F), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼", strict=True)),
    **dict(zip(range(0xA0, 0xBD), "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…", strict=True)),
    **dict(zip(range(0xBF, 0xE0), "↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓", strict=True)),
    **dict(zip(range(0xE0, 0xE6), "◊⟨®©™∑", strict=True)),
    **{0xF1: "⟩", 0xF2: "∫"},
}
_WINGDINGS = {
    **{0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0xA7: "▪", 0xA8: "☐", 0xD8: "➢"},
    **{0xDF: "←", 0xE0: "→", 0xE8: "➔", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑"},
}
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}
_NOTES = (
    (("footnoteReference", "endnoteReference"), "Footnotes and endnotes were left out."),
    (("txbxContent",), "Text boxes were left out."),
    (("del", "moveFrom"), "Tracked deletions were left out, tracked insertions kept."),
    (("ins",), "Tracked insertions were kept."),
)


def read(data: bytes) -> Story:
    """Return the story in a Word file. Raises StoryRefused."""
    _check_package(data)
    # Imported here, as in every reader: the web server starts without waiting for it.
    from docx import Document

    try:
        document = Document(io.BytesIO(data))
        body = document.element.body
        styles = {style.style_id: (style.name or "").lower() for style in document.styles}
        properties = document.core_properties
        file_title, author = title_of_file(properties.title), author_of_file(properties.author)
        language = metadata(properties.language) or _language(document)
    except Exception as error:  # whatever the library meets in a file that is made to hurt
        raise StoryRefused(_DAMAGED) from error
    if body is None:
        raise StoryRefused(_DAMAGED)
    try:
        blocks = [(styles.get(style, ""), text) for style, text in _paragraphs(body)]
    except RecursionError as error:
        raise StoryRefused(_DAMAGED) from error
    paragraphs = [text for _, text in blocks if text.strip()]
    title = _title(blocks, file_title, paragraphs)
    notes = _notes(body)
    if "\ufffd" in "".join(paragraphs):
        notes += ("Some signs could not be read and show as \ufffd.",)
    return Story(
        title=title,
        byline=author,
        language=language,
        body="\n\n".join(without_headline(title, paragraphs)),
        notes=notes,
    )


def _check_package(data: bytes) -> None:
    """Refuse what is no Word file or unpacks to more than is read. Raises StoryRefused."""
    if data.startswith(_OLE):
        raise StoryRefused(
            "This Word file has a password, or is of the old .doc kind. "
            "Save it as .docx without a password, then try again."
        )
    try:
        # zipfile never unpacks more of a part than the directory says, so what the directory
        # says is the bound.
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            texts = [
                part for part in parts if part.filename.lower().endswith((".xml", ".rels"))
            ]
            if (
                len(parts) > MAX_PARTS
                or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES
                or sum(part.file_size for part in texts) > MAX_XML_BYTES
            ):
                raise StoryRefused(
                    "This Word file unpacks to far more than a story. "
                    "Take out its pictures, or paste the text."
                )
            # Word itself sometimes calls the main part word/document2.xml.
            if not any(part.filename.startswith("word/document") for part in parts) or any(
                # Of other packings zipfile unpacks all there is.
                part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
                for part in parts
            ):
                raise StoryRefused(_DAMAGED)
            # No word processor writes a DTD: it is there to blow up or to reach out.
            if any(b"<!DOCTYPE" in package.read(part).replace(b"\0", b"") for part in texts):
                raise StoryRefused(_DAMAGED)
    except StoryRefused:
        raise
    except Exception as error:  # zipfile's own, struct's, zlib's, OverflowError, …
        raise StoryRefused(_DAMAGED) from error


def _paragraphs(body) -> Iterator[tuple[str, str]]:
    """Yield style id and text of each paragraph. Its mark may be deleted: then it goes on."""
    held = ""
    for paragraph in _elements_of(body, _W + "p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        held += "".join(_text(paragraph))
        if paragraph.find(f"{_W}pPr/{_W}rPr/{_W}del") is None:
            yield ("" if style is None else style.get(_W + "val", "")), held
            held = ""
    if held:
        yield "", held


def _elements_of(parent, tag: str):
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _CONTAINERS:
            yield from _elements_of(child, tag)


def _text(parent) -> Iterator[str]:
    if parent.tag == _W + "r" and _is_hidden(parent):
        return
    for child in parent:
        if child.tag == _W + "t":
            yield child.text or ""
        elif child.tag == _W + "br":
            yield "\n" if child.get(_W + "type", "textWrapping") == "textWrapping" else "\n\n"
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag == _W + "sym":
            yield _sign(child)
        elif child.tag in _CONTAINERS:
            yield from _text(child)


def _sign(sym) -> str:
    """Return the sign that is named by its font and its place there, or U+FFFD."""
    found = re.fullmatch(r"[0-9A-Fa-f]{1,6}", sym.get(_W + "char", ""))
    code = int(found[0], 16) if found else 0
    font = _FONTS.get(sym.get(_W + "font", "").lower())
    if font and (code < 0x100 or 0xF000 <= code < 0xF100):
        return font.get(code & 0xFF, "\ufffd")
    # In other fonts it is the sign of that number, unless that is private use.
    return chr(code) if code < 0x110000 and chr(code).isprintable() else "\ufffd"


def _is_hidden(run) -> bool:
    hidden = run.find(f"{_W}rPr/{_W}vanish")
    return hidden is not None and hidden.get(_W + "val", "1") not in ("0", "false", "off")


def _title(blocks: list[tuple[str, str]], file_title: str, paragraphs: list[str]) -> str:
    """Return the headline: by the style Title, the file's properties, Heading 1, its place."""
    for wanted, found in (("title", ""), ("", file_title), ("heading 1", "")):
        if found:
            return found
        for style, text in blocks if wanted else []:
            if style == wanted and (title := metadata(text)):
                return title
    first = paragraphs[0] if paragraphs else ""
    return "" if first.rstrip().endswith(".") else split_headline("\n\n".join(paragraphs))[0]


def _language(document) -> str:
    """Return the language of the default style, as the word processor was set."""
    for language in document.styles.element.iter(_W + "lang"):
        return language.get(_W + "val", "")
    return ""


def _notes(body) -> tuple[str, ...]:
    notes = []
    for names, note in _NOTES:
        if next(body.iter(*[_W + name for name in names]), None) is not None:
            notes.append(note)
    # The note on deletions speaks of insertions too.
    return tuple(notes[:-1] if len(notes) > 1 and "deletions" in notes[-2] else notes)
