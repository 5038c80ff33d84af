"""The canonical text of an article: what every offset in Annotate counts in.

Offsets are Unicode code points, half open `[start, end)`. Nothing here knows the database,
so that the readers of files, the forms and the tests all share one rule.
"""

import re
import unicodedata

# Unicode gives control characters no name, only aliases; Python does not carry those.
_CONTROL_NAMES = {
    0x00: "NULL",
    0x01: "START OF HEADING",
    0x02: "START OF TEXT",
    0x03: "END OF TEXT",
    0x04: "END OF TRANSMISSION",
    0x05: "ENQUIRY",
    0x06: "ACKNOWLEDGE",
    0x07: "ALERT",
    0x08: "BACKSPACE",
    0x0B: "LINE TABULATION",
    0x0C: "FORM FEED",
    0x0E: "SHIFT OUT",
    0x0F: "SHIFT IN",
    0x10: "DATA LINK ESCAPE",
    0x11: "DEVICE CONTROL ONE",
    0x12: "DEVICE CONTROL TWO",
    0x13: "DEVICE CONTROL THREE",
    0x14: "DEVICE CONTROL FOUR",
    0x15: "NEGATIVE ACKNOWLEDGE",
    0x16: "SYNCHRONOUS IDLE",
    0x17: "END OF TRANSMISSION BLOCK",
    0x18: "CANCEL",
    0x19: "END OF MEDIUM",
    0x1A: "SUBSTITUTE",
    0x1B: "ESCAPE",
    0x1C: "INFORMATION SEPARATOR FOUR",
    0x1D: "INFORMATION SEPARATOR THREE",
    0x1E: "INFORMATION SEPARATOR TWO",
    0x1F: "INFORMATION SEPARATOR ONE",
    0x7F: "DELETE",
    0x85: "NEXT LINE",
}

# Everything of category Cc but tab and newline, and lone surrogates (Cs).
_REFUSED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

# Normalising a run of combining marks takes time quadratic in its length (20,000 marks: 0.4 s),
# so that 2 MB of them would hold the server for hours. Real text has a handful.
MARKS_IN_A_ROW = 100
_MAY_BE_MARKS = re.compile(rf"[^\w\s!-~]{{{MARKS_IN_A_ROW + 1},}}")

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_START = re.compile(r"\A(?:\ufeff|[^\S\n]*\n)+")


class TextRefused(ValueError):
    """A text cannot become an article's. The message is a sentence for the person."""


def check_characters(raw: str) -> None:
    """Raise TextRefused for the first character of `raw` that no article may hold.

    These are control characters other than newline, carriage return and tab, lone
    surrogates, and more than 100 combining marks in a row. Lines count from 1.
    """
    text = _newlines(raw)
    if found := _REFUSED.search(text):
        code = ord(found[0])
        if 0xD800 <= code <= 0xDFFF:
            what = f"half of a surrogate pair (U+{code:04X})"
        else:
            what = f"the control character {_CONTROL_NAMES.get(code, 'CONTROL')} (U+{code:04X})"
        raise TextRefused(
            f"Line {_line(text, found.start())}: the text holds {what}"
            f"{_after(text, found.start())}. Take it out, then try again."
        )
    for run in _MAY_BE_MARKS.finditer(text):
        marks = 0
        for index in range(*run.span()):
            marks = marks + 1 if unicodedata.category(text[index])[0] == "M" else 0
            if marks > MARKS_IN_A_ROW:
                raise TextRefused(
                    f"Line {_line(text, index)}: the text holds more than {MARKS_IN_A_ROW} "
                    "combining marks in a row. Take them out, then try again."
                )


def canonical_body(raw: str) -> str:
    r"""Return `raw` as a body: NFC, `\n` line ends, one blank line between paragraphs.

    Lines of white space alone count as blank; there are none at the start and the end, and
    no byte order mark at the start. Every other character stays where it is. The result is
    canonical: doing it again changes nothing. Raises TextRefused.
    """
    check_characters(raw)
    text = unicodedata.normalize("NFC", _newlines(raw))
    text = _START.sub("", text)
    text = _BLANK_LINES.sub("\n\n", text)
    # What is left of white space after the last newline is a blank line without its end.
    last = text.rstrip()
    text = last + text[len(last) :].partition("\n")[0]
    return "" if text.isspace() else text


def canonical_title(raw: str) -> str:
    """Return `raw` as a headline: NFC, one line, each run of white space one space.

    Raises TextRefused.
    """
    check_characters(raw)
    text = " ".join(unicodedata.normalize("NFC", raw).split())
    return text.lstrip("\ufeff ")


def compose_text(title: str, body: str) -> str:
    """Return an article's canonical text: the headline, a blank line, the body.

    Both must be canonical already. The body starts at `len(title) + 2`: nothing composes
    with a newline, so NFC of the parts is NFC of the whole. Raises TextRefused when either
    is empty, since sentence 0 is the headline and a blank line would lead the text.
    """
    if not title:
        raise TextRefused("The story has no headline. Write one.")
    if not body:
        raise TextRefused("The story has no text under its headline. Put its text in.")
    return f"{title}\n\n{body}"


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Return `[start, end)` in code points of each paragraph of a canonical text, in order."""
    spans = []
    start = 0
    for paragraph in text.split("\n\n") if text else []:
        spans.append((start, start + len(paragraph)))
        start += len(paragraph) + 2
    return spans


def _newlines(raw: str) -> str:
    return raw.replace("\r\n", "\n").replace("\r", "\n")


def _line(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1


def _after(text: str, index: int) -> str:
    """Return the words before `index`, for a person to find the place by."""
    before = text[max(0, index - 30) : index].rpartition("\n")[2].strip()
    return f" after “{before}”" if before else ""


def direction(text: str) -> str:
    """Return how a paragraph of `text` reads: "ltr", "rtl", or "auto" if no letter says.

    Its first strong character decides, as for HTML's `dir=auto`; that would take what the page
    puts between the words for a part of them. Source: Unicode Standard Annex 9, rules P2, P3.
    """
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return "auto"
