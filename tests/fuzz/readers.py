"""Targets: the readers of files, each with bytes as they come and with files made of parts.

A mutated zip or PDF hardly ever gets past its outermost layer. So Word files and PDFs are
also built: valid around parts that are not.
"""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import atheris

from annotate.articles.text import canonical_body, canonical_title
from annotate.exchange.reading import StoryRefused, read_here, read_story
from tests.exchange.test_reading_pdf import packed

CORPUS = Path(__file__).with_name("corpus")
MAX_BYTES = 200_000  # of text: enough for every branch, and small enough to be quick


def read(ending: str, data: bytes) -> None:
    """Read a file in this process; what is taken must be canonical."""
    try:
        story = read_here(f"story{ending}", data, max_text_bytes=MAX_BYTES)
    except StoryRefused as refusal:
        check_words(str(refusal))
        return
    assert canonical_body(story.body) == story.body
    assert canonical_title(story.title) == story.title
    assert len(f"{story.title}{story.body}".encode()) <= MAX_BYTES
    assert story.body.strip()
    for one in (story.outlet, story.byline, story.url, story.language):
        assert len(one.splitlines()) <= 1
        one.encode()
    for note in story.notes:
        check_words(note)


def check_words(sentence: str) -> None:
    """A refusal or a note is a sentence that can be sent and shown."""
    assert sentence.endswith((".", ":"))
    assert "\0" not in sentence
    sentence.encode()


def txt(data: bytes) -> None:
    read(".txt", data)


def md(data: bytes) -> None:
    read(".md", data)


def html(data: bytes) -> None:
    read(".html", data)


def apart(data: bytes) -> None:
    """Read a file as the site does: in a process with an end, which must not be needed.

    What it runs is not watched, so nothing says which inputs are worth keeping: each is the
    seed of a file that is made up whole.
    """
    chance = random.Random(data)
    ending = chance.choice([".docx", ".pdf", ".html", ".md"])
    if make := MAKERS.get(ending):
        file = make(atheris.FuzzedDataProvider(chance.randbytes(2_000)))
    else:
        sample = min(CORPUS.joinpath(ending[1:]).iterdir())
        changed = bytearray(sample.read_bytes())
        for at in chance.choices(range(len(changed)), k=chance.randrange(40)):
            changed[at] = chance.randrange(9, 127)
        file = bytes(changed)
    try:
        read_story(f"story{ending}", file, max_text_bytes=MAX_BYTES, max_seconds=25)
    except StoryRefused as refusal:
        words = str(refusal)
    else:
        return
    check_words(words)
    assert "within 25 seconds" not in words
    assert "could not be read: it may be damaged" not in words, "the process died"


def repeated(data: bytes) -> None:
    """Read a file in which something stands very often: is the time still linear?"""
    provider = atheris.FuzzedDataProvider(data)
    ending = provider.PickValueInList([".txt", ".md", ".html"])
    length = provider.ConsumeIntInRange(1, 12)
    pattern = provider.ConsumeBytes(length) or b"."
    start = provider.ConsumeBytes(provider.ConsumeIntInRange(0, 20))
    read(ending, start + pattern * (60_000 // len(pattern)) + provider.ConsumeBytes(20))


# --- Word files ---------------------------------------------------------------------------

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_ELEMENTS = [
    *["p", "r", "t", "br", "tab", "cr", "tbl", "tr", "tc", "sdt", "sdtContent", "ins", "del"],
    *["moveTo", "moveFrom", "hyperlink", "smartTag", "customXml", "fldSimple", "ruby", "rt"],
    *["rubyBase", "pPr", "rPr", "pStyle", "vanish", "txbxContent", "footnoteReference"],
    *["noBreakHyphen", "softHyphen", "instrText", "delText", "bdo", "dir", "body", "sym"],
]
_VALUES = ["", "0", "false", "off", "page", "textWrapping", "Title", "Heading1", "en-GB", "𐀀"]


def _part(name: str, root: str, inside: str, *spaces: tuple[str, str]) -> tuple[str, bytes]:
    names = "".join(f' xmlns{prefix}="{space}"' for prefix, space in spaces)
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    text = f"{head}<{root}{names}>{inside}</{root.split()[0]}>"
    return name, text.encode("utf-8", "replace")


def _parts(provider: atheris.FuzzedDataProvider) -> dict[str, bytes]:
    """Return the parts of a small Word file with a body, styles and properties made up."""
    relation = f'<Relationship Id="r{{}}" Type="{_RELATIONS}/{{}}" Target="{{}}"/>'
    core = f"{_PACKAGE}/relationships/metadata/core-properties"
    override = f'<Override PartName="{{}}" ContentType="{_TYPES}.{{}}+xml"/>'
    title, author = provider.ConsumeUnicode(12), provider.ConsumeUnicode(8)
    kind, style = _text(provider, 3) or "paragraph", _tree(provider, 2)
    return dict(
        [
            _part(
                "[Content_Types].xml",
                "Types",
                '<Default Extension="rels" '
                f'ContentType="{_types("relationships")}"/>'
                + override.format("/word/document.xml", "document.main")
                + override.format("/word/styles.xml", "styles")
                + '<Override PartName="/docProps/core.xml" '
                f'ContentType="{_types("core-properties")}"/>',
                ("", f"{_PACKAGE}/content-types"),
            ),
            _part(
                "_rels/.rels",
                "Relationships",
                relation.format(1, "officeDocument", "word/document.xml")
                + f'<Relationship Id="r2" Type="{core}" Target="docProps/core.xml"/>',
                ("", f"{_PACKAGE}/relationships"),
            ),
            _part(
                "word/_rels/document.xml.rels",
                "Relationships",
                relation.format(1, "styles", "styles.xml"),
                ("", f"{_PACKAGE}/relationships"),
            ),
            _part(
                "word/styles.xml",
                "w:styles",
                '<w:style w:type="paragraph" w:styleId="Title">'
                f'<w:name w:val="Title"/></w:style><w:style w:type="{kind}">{style}</w:style>'
                f'<w:docDefaults><w:lang w:val="{_text(provider, 6)}"/></w:docDefaults>',
                (":w", _W),
            ),
            _part(
                "docProps/core.xml",
                "cp:coreProperties",
                f"<dc:title>{_escaped(title)}</dc:title>"
                f"<dc:creator>{_escaped(author)}</dc:creator>"
                f"<dc:language>{_text(provider, 5)}</dc:language>",
                (":cp", f"{_PACKAGE}/metadata/core-properties"),
                (":dc", "http://purl.org/dc/elements/1.1/"),
            ),
            _part(
                "word/document.xml",
                "w:document",
                "<w:body>" + "".join(_tree(provider, 6) for _ in range(6)) + "</w:body>",
                (":w", _W),
            ),
        ]
    )


def _types(name: str) -> str:
    return f"application/vnd.openxmlformats-package.{name}+xml"


def _tree(provider: atheris.FuzzedDataProvider, depth: int) -> str:
    """Return an element with what the provider has for it: attributes, text, children."""
    if not provider.remaining_bytes():
        return ""
    choice = provider.ConsumeIntInRange(0, len(_ELEMENTS) + 2)
    if choice == len(_ELEMENTS):
        return _text(provider, 20)
    if choice > len(_ELEMENTS):
        return f"<w:p><w:r><w:t>{_text(provider, 30)}</w:t></w:r></w:p>"
    name = f"w:{_ELEMENTS[choice]}"
    children = provider.ConsumeIntInRange(0, 4) if depth else 0
    inside = "".join(_tree(provider, depth - 1) for _ in range(children))
    return f"<{name}{_value(provider)}>{inside}{_text(provider, 10)}</{name}>"


def _value(provider: atheris.FuzzedDataProvider) -> str:
    if not provider.ConsumeBool():
        return ""
    name = provider.PickValueInList(["val", "type", "styleId", "id"])
    return f' w:{name}="{provider.PickValueInList(_VALUES)}"'


def _text(provider: atheris.FuzzedDataProvider, most: int) -> str:
    return _escaped(provider.ConsumeUnicode(provider.ConsumeIntInRange(0, most)))


def _escaped(text: str) -> str:
    """Return text for XML without most of what makes a parser stop at once."""
    text = "".join(one for one in text if one.isprintable() or one in "\t\n\u200b\u202e\ufeff")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def make_docx(provider: atheris.FuzzedDataProvider) -> bytes:
    """Return a Word file of parts, of which some are gone, renamed or written into."""
    parts = _parts(provider)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as package:
        for name, part in parts.items():
            damage = provider.ConsumeIntInRange(0, 31)
            if damage == 1:
                continue
            if damage == 2 and part:
                at = provider.ConsumeIntInRange(0, len(part))
                part = part[:at] + provider.ConsumeBytes(12) + part[at:]
            if damage == 3:
                name = provider.ConsumeUnicodeNoSurrogates(8) or "word/document2.xml"
            package.writestr(name, part)
    packed = bytearray(file.getvalue())
    if provider.ConsumeIntInRange(0, 15) == 1:
        for _ in range(provider.ConsumeIntInRange(1, 4)):
            # The directory, at the end, is what everything else is found by.
            at = len(packed) - 1 - provider.ConsumeIntInRange(0, min(700, len(packed) - 1))
            packed[at] = provider.ConsumeIntInRange(0, 255)
    return bytes(packed)


def docx(data: bytes) -> None:
    read(".docx", make_docx(atheris.FuzzedDataProvider(data)))


def docx_bytes(data: bytes) -> None:
    read(".docx", data)


# --- PDF ----------------------------------------------------------------------------------

_NUMBERS = ["0", "1", "-1", "12", "72.5", "700", "-3e9", "1e38", "99999999999", ".0001", "nan"]
_OPERATORS = ["Tj", "'", "Td", "TD", "T*", "Tc", "Tw", "Tz", "TL", "Ts", "cm", "q", "Q", "Do"]


def make_pdf(provider: atheris.FuzzedDataProvider) -> bytes:
    """Return a PDF of a few pages whose fonts, text and properties are made up."""
    unicode = "\n".join(
        f"<{code:02X}> <{provider.ConsumeBytes(provider.ConsumeIntInRange(1, 4)).hex()}>"
        for code in range(0x41, 0x41 + provider.ConsumeIntInRange(0, 12))
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> "
        f"endcodespacerange {unicode.count('<') // 2} beginbfchar\n{unicode}\nendbfchar endcmap"
    )
    title, author = provider.ConsumeBytes(12).hex(), provider.ConsumeBytes(8).hex()
    made = provider.PickValueInList(["D:20171114", "D:99999999", "D:", ""])
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        f"{'/ToUnicode 5 0 R' if provider.ConsumeBool() else '/Encoding /WinAnsiEncoding'} >>",
        f"<< /Title <{title}> /Author <{author}> /CreationDate ({made}) >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    ]
    kids = []
    for _ in range(provider.ConsumeIntInRange(1, 5)):
        content = "\n".join(
            _shown(provider) for _ in range(provider.ConsumeIntInRange(0, 12))
        ).encode()
        objects.append(
            f"<< /Length {len(content)} >>\nstream\nBT /F1 11 Tf 72 700 Td\n"
            f"{content.decode()}\nET\nendstream"
        )
        box = " ".join(_number(provider) for _ in range(4)) if provider.ConsumeBool() else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box or '0 0 595 842'}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R "
            f"/Rotate {provider.PickValueInList([0, 0, 0, 90, 180, 45])} >>"
        )
        kids.append(f"{len(objects)} 0 R")
    if provider.ConsumeIntInRange(0, 15) == 1:
        kids.append(provider.PickValueInList(["2 0 R", "1 0 R", "99 0 R", "null", "[]"]))
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    data = bytearray(packed(objects))
    if provider.ConsumeIntInRange(0, 7) == 1:
        for _ in range(provider.ConsumeIntInRange(1, 6)):
            at = provider.ConsumeIntInRange(0, len(data) - 1)
            data[at] = provider.ConsumeIntInRange(0, 255)
    return bytes(data)


def pdf(data: bytes) -> None:
    read(".pdf", make_pdf(atheris.FuzzedDataProvider(data)))


def pdf_bytes(data: bytes) -> None:
    read(".pdf", data)


def _number(provider: atheris.FuzzedDataProvider) -> str:
    if provider.ConsumeBool():
        return str(provider.ConsumeIntInRange(0, 800))
    return provider.PickValueInList(_NUMBERS)


def _shown(provider: atheris.FuzzedDataProvider) -> str:
    """Return a line of a page's content: most of them show some text somewhere."""
    kind = provider.ConsumeIntInRange(0, 5)
    text = provider.ConsumeBytes(provider.ConsumeIntInRange(1, 24)).hex()
    if kind == 0:
        numbers = " ".join(_number(provider) for _ in range(6))
        return f"{numbers} {provider.PickValueInList(_OPERATORS)}"
    if kind == 1:
        return f"/F1 {_number(provider)} Tf {' '.join(_number(provider) for _ in range(6))} Tm"
    if kind == 2:
        return f"[<{text}> {_number(provider)} <{text}>] TJ"
    return f"{_number(provider)} -{_number(provider)} Td <{text}> Tj"


MAKERS = {".docx": make_docx, ".pdf": make_pdf}


def seeds(name: str) -> list[bytes]:
    """Return files to begin with where bytes alone would get nowhere."""
    make = MAKERS.get(f".{name.removesuffix('_bytes')}" if name.endswith("_bytes") else "")
    return (
        [make(atheris.FuzzedDataProvider(bytes(range(255, at, -1)) * 3)) for at in (0, 99)]
        if make
        else []
    )
