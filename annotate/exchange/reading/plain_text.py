"""Plain text files, and the encodings that text files come in."""

import codecs
import contextlib
import re

from annotate.articles.text import canonical_body
from annotate.exchange.story import Story, StoryRefused, split_headline

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_OTHER_FILES = (
    (b"%PDF-", "a PDF file", ".pdf"),
    (b"PK\x03\x04", "a Word or other packed file", ".docx, if it is one"),
)

# Ellipsis, quotation marks, bullet, dashes and no-break space: the same in every Windows
# code page, so a text with these alone needs no guess.
_WINDOWS_PUNCTUATION = frozenset(b"\x85\x91\x92\x93\x94\x95\x96\x97\xa0\xab\xbb")

# charset-normalizer cannot tell the code pages of Latin letters from each other: it takes
# the first that could be, for French too the one of Central Europe. Most often it is that of
# Western Europe, unless it shows letters and signs that words there do not have.
_LATIN = (
    "cp1250",
    "cp1252",
    "cp1257",
    "cp1258",
    "cp4",
    "cp7",
    "cp8",
    "iso8859",
    "latin",
    "mac",
)
_CENTRAL_EUROPEAN = re.compile(r"[ŠšŽž]|[a-z][³¹][a-z]")

_NAMES = {
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1252": "Windows-1252 (Western Europe)",
    "utf_16": "UTF-16",
    "utf_16_le": "UTF-16",
    "utf_16_be": "UTF-16",
    "utf_32_le": "UTF-32",
    "utf_32_be": "UTF-32",
}


def read(data: bytes) -> Story:
    """Return the story in a text file. Raises StoryRefused, TextRefused."""
    text, notes = decode(data)
    story = story_of(canonical_body(text))
    return Story(title=story.title, body=story.body, notes=notes)


def story_of(body: str) -> Story:
    """Return a canonical text as a story: a first line that stands alone is its headline."""
    title, rest = split_headline(body)
    return Story(title=title, body=rest)


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text in `data`, and what to tell the person about how it was read.

    Raises StoryRefused when it is no text.
    """
    for start, what, ending in _OTHER_FILES:
        if data.startswith(start):
            raise StoryRefused(
                f"This is {what}, not a text file. Give its name the ending {ending}."
            )
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), ()
            except UnicodeDecodeError as error:
                raise StoryRefused(
                    "The file is damaged: it is not in the encoding that its first bytes tell, "
                    f"from byte {error.start + 1:,} on. Save it again as UTF-8."
                ) from error
    if encoding := _unmarked_utf_32(data) or _unmarked_utf_16(data):
        try:
            return data.decode(encoding), (_note(encoding),)
        except UnicodeDecodeError:
            pass
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        return _guess(data)


def _unmarked_utf_32(data: bytes) -> str:
    """Return the encoding when every fourth byte is NUL: no letter's number is so large."""
    if len(data) % 4 == 0 and not any(data[3::4]):
        return "utf_32_le"
    if len(data) % 4 == 0 and not any(data[0::4]):
        return "utf_32_be"
    return ""


def _unmarked_utf_16(data: bytes) -> str:
    """Return the encoding when every other byte is often NUL, as in UTF-16 of Latin text."""
    even, odd = data[0::2], data[1::2]
    if odd.count(0) * 3 > len(odd) and 0 not in even:
        return "utf_16_le"
    if even.count(0) * 3 > len(even) and 0 not in odd:
        return "utf_16_be"
    return ""


def _guess(data: bytes) -> tuple[str, tuple[str, ...]]:
    if 0 in data:
        raise StoryRefused("This is not a text file. Choose another, or paste the text.")
    if set(data.translate(None, bytes(range(0x80)))) <= _WINDOWS_PUNCTUATION:
        return data.decode("cp1252"), (_note("cp1252"),)
    # Imported here, as in every reader: the web server starts without waiting for it.
    from charset_normalizer import from_bytes

    matches = from_bytes(data)
    best = matches.best()
    if best is None:
        raise StoryRefused(
            "The letters of this text file cannot be made out. "
            "Save it as UTF-8, or paste the text."
        )
    encoding = best.encoding
    if encoding.startswith(_LATIN) and any(
        match.chaos <= best.chaos and "cp1252" in match.could_be_from_charset
        for match in matches
    ):
        text = data.decode("cp1252", "replace")
        encoding = "cp1250" if _CENTRAL_EUROPEAN.search(text) else "cp1252"
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding), (_note(encoding),)
    return str(best), (_note(best.encoding),)


def _note(encoding: str) -> str:
    name = _NAMES.get(encoding, encoding.replace("_", "-").upper())
    return f"Read as {name}: check the quotation marks and the letters with accents."
