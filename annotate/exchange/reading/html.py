"""Web pages as saved: the article in them, without what stands around it."""

import codecs
import json
import logging
import re
from copy import deepcopy
from html import unescape

from annotate.articles.text import check_characters
from annotate.exchange.reading.plain_text import decode
from annotate.exchange.story import (
    Story,
    StoryRefused,
    author_of_file,
    date_of,
    metadata,
    without_headline,
)

log = logging.getLogger(__name__)

# Far above any news page; some steps of the extraction are slower than linear.
MAX_ELEMENTS = 50_000

_DECLARED = re.compile(
    rb"""<(?:meta[^>]{0,200}?|\?xml[^>]{0,100}?)(?:charset|encoding)\s*=\s*["']?([\w:.-]{1,40})""",
    re.I,
)
# Codecs by Python's names. Not among them are those that are no encoding of text.
_TEXT_ENCODINGS = (
    *["big5", "cp125", "cp874", "euc_", "gb", "iso2022", "iso8859", "koi8", "mac_"],
    *["shift_jis", "tis_620"],
)

# The extraction drops joiners and direction marks and makes every space the same. Letters
# that no page on politics holds stand in for these on the way (the Yi syllables).
_STAND_INS = range(0xA000, 0xA48D)
_HTML_SPACE = " \t\n\r\f"
_SPACE = re.compile(rf"[{_HTML_SPACE}]+")
# White space that lxml lets one put into a tree. The parser puts more there: `&#28;`.
_XML_SPACE = re.compile(r"[^\S\x0b\x0c\x1c-\x1f]+")
_METADATA = {
    "title": "title",
    "outlet": "sitename",
    "byline": "author",
    "url": "url",
}
_JSON_LD = '//script[@type="application/ld+json"]'
_ARTICLE_TYPES = ("article", "posting", "report")  # the ends of schema.org's names for them
_AUTHOR_NAMES = (
    *["author", "article:author", "authors", "byl", "citation_author", "dc.creator"],
    *["parsely-author", "sailthru.author"],
)
# Some pages give the address of an author's page as the author.
_ADDRESS = re.compile(r"(?i)[a-z]+://|www\.|/")
_SAYS_WHEN = """
//meta[not(contains(@property, "modif") or contains(@property, "updat")
    or contains(@name, "modif") or contains(@name, "updat")
    or contains(@itemprop, "modif") or contains(@itemprop, "Modif"))]
| //link[@rel="canonical"] | //script[@type="application/ld+json"]
| //*[@itemprop="datePublished"] | //time[@pubdate]
| (//article//time)[1] | (//main//time)[1]
"""
_NO_TEXT = "There is no text in this page. Save the page again, or paste its text."
_BLOCKS = {
    *["address", "article", "aside", "blockquote", "body", "caption", "cell", "dd", "details"],
    *["div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2"],
    *["h3", "h4", "h5", "h6", "head", "header", "hr", "item", "li", "list", "main", "nav"],
    *["ol", "p", "pre", "quote", "row", "section", "summary", "table", "td", "th", "tr", "ul"],
}
_UNSEEN = (
    *["head", "iframe", "noscript", "object", "script", "select", "style", "svg", "template"],
)

# Below this many characters of story in a page of much more, something may be missing.
_LITTLE = 250


def read(data: bytes) -> Story:
    """Return the story in a web page. Nothing is fetched. Raises StoryRefused."""
    text, notes = _decode(data)
    tree = _parse(text)
    known = _metadata(tree)
    paragraphs, headline = _article(tree)
    if not paragraphs:
        raise StoryRefused(_NO_TEXT)
    seen = " ".join(" ".join(tree.itertext("p", "li", "td")).split())
    if sum(map(len, paragraphs)) < min(_LITTLE, len(seen) // 4):
        notes += ("Little of this page was taken as the story: check that nothing is missing.",)
    title = headline or known["title"]
    return Story(
        title=title,
        outlet=known["outlet"],
        byline=known["byline"],
        url=known["url"],
        published=date_of(known["published"]),
        language=known["language"],
        body="\n\n".join(without_headline(title, paragraphs)),
        notes=notes,
    )


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the page's text: by its byte order mark, as UTF-8, as it declares, as guessed."""
    declared = _DECLARED.search(data[:4096])
    if declared and not data.startswith(
        (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    ):
        try:
            data.decode("utf-8")
            seven_bits = b"\x1b" in data  # ISO-2022 passes for UTF-8
        except UnicodeDecodeError:
            seven_bits = True
        if seven_bits:
            try:
                codec = codecs.lookup(declared[1].decode("ascii")).name
                if codec == "iso8859-1":
                    codec = "cp1252"  # what HTML says this name means
                if codec.startswith(_TEXT_ENCODINGS):
                    return data.decode(codec), ()
            except (LookupError, UnicodeError):
                pass  # declared wrongly: guess
    return decode(data)


def _parse(text: str):
    """Return the tree of a page. Raises StoryRefused, TextRefused."""
    # Imported here, as in every reader: the web server starts without waiting for it.
    from lxml import etree  # type: ignore[import-untyped]
    from lxml import html as lxml_html

    text = text.removeprefix("\ufeff").replace("\f", " ")
    check_characters(text)
    parser = lxml_html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True
    )
    try:
        # As bytes, because lxml takes no str that declares an encoding of its own.
        tree = lxml_html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise StoryRefused(_NO_TEXT) from error
    # The parser stops at 256 levels and leaves out the rest without a word.
    if any("RESOURCE" in entry.type_name for entry in parser.error_log):
        raise StoryRefused(
            "The page's elements are nested too deeply to be read. Paste its text instead."
        )
    if (count := sum(1 for _ in tree.iter())) > MAX_ELEMENTS:
        raise StoryRefused(
            f"The page has {count:,} elements; {MAX_ELEMENTS:,} is the most. "
            "Paste the story's text instead."
        )
    return tree


def _metadata(tree) -> dict[str, str]:
    from trafilatura.metadata import extract_metadata

    try:
        found = extract_metadata(deepcopy(tree), date_config={"extensive_search": False})
    except Exception:  # whatever the library meets in a page: the story matters more
        log.exception("Reading the metadata of a page failed")
        found = None
    known = {ours: metadata(getattr(found, theirs, "")) for ours, theirs in _METADATA.items()}
    return {
        **known,
        "byline": _byline(tree, known["outlet"]) or known["byline"],
        "language": _language(tree),
        "published": _published(tree),
    }


def _byline(tree, outlet: str) -> str:
    """Return the authors as the page writes them, or nothing where it does not name them.

    Left to itself trafilatura takes stops and commas out of names, and drops those of one
    word. An outlet that gives itself as the author comes last.
    """
    told = [_authors_in_json_ld(tree), *_authors_in_meta(tree)]
    bylines = list(filter(None, map(_joined, told)))
    return next((byline for byline in bylines if byline != outlet), "".join(bylines[:1]))


def _joined(names: list) -> str:
    plain = [metadata(unescape(name)) for name in names if isinstance(name, str)]
    authors = [
        author_of_file(re.sub(r"(?i)\Aby ", "", name))
        for name in plain
        if not _ADDRESS.match(name)
    ]
    return metadata(", ".join(dict.fromkeys(filter(None, authors))))


def _authors_in_json_ld(tree) -> list:
    """Return what stands for the names of the authors of the first article that has any."""
    things = []
    for script in tree.xpath(_JSON_LD):
        try:
            found = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for top in _listed(found):
            graph = top.get("@graph") if isinstance(top, dict) else None
            things += [thing for thing in [top, *_listed(graph)] if isinstance(thing, dict)]
    people = {thing["@id"]: thing for thing in things if isinstance(thing.get("@id"), str)}
    for thing in things:
        types = [each for each in _listed(thing.get("@type")) if isinstance(each, str)]
        if any(each.lower().endswith(_ARTICLE_TYPES) for each in types) and thing.get("author"):
            return [
                name
                for author in _listed(thing["author"])
                for name in _listed(_name_of(author, people))
            ]
    return []


def _name_of(author: object, people: dict[str, dict]) -> object:
    if not isinstance(author, dict):
        return author
    reference = author.get("@id")
    person = people.get(reference, {}) if isinstance(reference, str) else {}
    return author.get("name") or person.get("name")


def _listed(value) -> list:
    return value if isinstance(value, list) else [value]


def _authors_in_meta(tree) -> list[list[str]]:
    """Return what the page gives under each of the usual names for its authors."""
    given: dict[str, list[str]] = {name: [] for name in _AUTHOR_NAMES}
    for element in tree.iter("meta"):
        for attribute in ("name", "property", "itemprop"):
            if (name := element.get(attribute, "").lower()) in given:
                given[name].append(element.get("content", ""))
    return list(given.values())


def _published(tree) -> str:
    """Return the ISO date that the page gives as its publication, or nothing.

    Left to itself htmldate takes any date it finds in the text, of a footer or of another
    story. So it is shown only what is there to say when this one was published.
    """
    from htmldate import find_date

    page = tree.makeelement("html")
    for element in tree.xpath(_SAYS_WHEN):
        page.append(deepcopy(element))
        page[-1].tail = None
    try:
        return find_date(page, original_date=True, extensive_search=False) or ""
    except Exception:  # whatever the library meets in a page: the story matters more
        log.exception("Finding the date of a page failed")
        return ""


def _language(tree) -> str:
    for path in (
        "/html/@lang",
        '//meta[@http-equiv="content-language" or @http-equiv="Content-Language"]/@content',
        '//meta[@property="og:locale"]/@content',
    ):
        if values := tree.xpath(path):
            return str(values[0])
    return ""


def _article(tree) -> tuple[list[str], str]:
    """Return the article's paragraphs, and its headline when a top heading leads it."""
    marked = deepcopy(tree)
    back = _put_stand_ins(marked)
    body = _extracted(marked)
    blocks = [] if body is None else _blocks(body, back)
    if not blocks:
        # No article in it: everything a person would see.
        marked = deepcopy(tree)
        for element in list(marked.iter(*_UNSEEN)):
            element.drop_tree()
        back = _put_stand_ins(marked)
        blocks = _blocks(marked, back)
    headline = metadata(blocks[0][1]) if blocks and blocks[0][0] == "h1" else ""
    return [text for _, text in blocks], headline


def _extracted(tree):
    """Return the element with the article as trafilatura finds it, or None."""
    from trafilatura import bare_extraction
    from trafilatura.settings import use_config

    config = use_config()
    # Below this it falls back on a dump of the page with every link on its own line.
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "1")
    config.set("DEFAULT", "MIN_OUTPUT_SIZE", "1")
    try:
        found = bare_extraction(tree, include_comments=False, config=config)
    except Exception:  # whatever the library meets in a page: the visible text is left
        log.exception("Finding the article in a page failed")
        return None
    return getattr(found, "body", None)


def _put_stand_ins(tree) -> dict[str, str]:
    """Put letters for what the extraction would lose; return the way back.

    Line ends inside `pre` are kept so, too; everywhere else HTML shows them as spaces.
    """
    seen = set("".join(tree.itertext()))
    lost = {character for character in seen if not character.isprintable()} - set(_HTML_SPACE)
    free = (chr(code) for code in _STAND_INS if chr(code) not in seen)
    # A page with more than a thousand different such characters loses the rest of them.
    # First come those that could not even be put back into the tree.
    first = sorted(lost, key=lambda one: (one not in "\ufffe\uffff", one))
    letters = dict(zip(["\n", *first], free, strict=False)) | {"\f": " "}
    preformatted = str.maketrans(letters)
    shown = str.maketrans({each: letters[each] for each in letters if each != "\n"})
    inside = {element for top in tree.iter("pre", "textarea") for element in top.iter()}
    for element in tree.iter():
        table = preformatted if element in inside else shown
        element.text = _stand_in(element.text, table)
        table = preformatted if element.getparent() in inside else shown
        element.tail = _stand_in(element.tail, table)
    for element in tree.iter("br"):
        # The extraction makes one line end of two; two end a paragraph.
        before = element.getprevious()
        if before is not None and before.tag == "br" and not (before.tail or "").strip():
            element.tail = letters["\n"] + (element.tail or "")
    return {letter: character for character, letter in letters.items() if letter != " "}


def _stand_in(text: str | None, table: dict[int, str]) -> str | None:
    # White space alone stays: a lone no-break space must not look like a paragraph.
    return text if not text or _XML_SPACE.fullmatch(text) else text.translate(table)


def _blocks(root, back: dict[str, str]) -> list[tuple[str, str]]:
    """Return the text of each block that has any, with its heading's tag or its own."""
    from lxml import etree

    line_end = next(letter for letter, character in back.items() if character == "\n")
    table = str.maketrans(back)
    blocks: list[tuple[str, str]] = []
    parts: list[str | None] = []
    tag = ""

    def close() -> None:
        text = _SPACE.sub(" ", "".join(filter(None, parts))).strip(_HTML_SPACE)
        text = text.replace(f" {line_end}", line_end).replace(f"{line_end} ", line_end)
        text = text.translate(table)
        parts.clear()
        if text.strip():
            blocks.append((tag, text))

    for event, element in etree.iterwalk(root, events=("start", "end")):
        block = element.tag in _BLOCKS
        if block:
            close()
        if event == "start":
            if block:
                tag = element.get("rend", "") if element.tag == "head" else element.tag
            parts.append(line_end if element.tag in ("br", "lb") else element.text)
        elif element is not root:
            parts.append(element.tail)
    close()
    return blocks
