"""Lines of a PDF that are read from right to left, or hold words that are.

pdfium has some words of them in the order of reading and some from the left, and turns some
brackets round. So all letters of such a line are put in order by where they stand.
"""

import ctypes
import re
import unicodedata
from dataclasses import dataclass

# Letters that are read from right to left: Hebrew, Arabic and their like.
LETTERS = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ANY_LETTER = re.compile(r"[^\W\d_]")
# The kinds of letters as Unicode's bidirectional algorithm (UAX #9) tells them apart. Signs
# belong to the number beside them in Hebrew, not in Arabic.
_KINDS = {"R": "R", "AL": "R", "L": "L", "EN": "n", "AN": "n", "CS": "s", "ES": "e", "ET": "t"}
_LEFT_TO_RIGHT = re.compile(r"L(?:[^R]*[Ln])?|t?n+(?:[se]n+)*t?")
_LEFT_TO_RIGHT_IN_ARABIC = re.compile(r"L(?:[^R]*[Ln])?|n+(?:sn+)*")
# Letters outside the first plane come as two halves of a surrogate pair, in any order.
_CHARACTER = re.compile(r"(?s)[\ud800-\udbff][\udc00-\udfff]|[\udc00-\udfff][\ud800-\udbff]|.")
_BRACKETS = re.compile(r"[()\[\]{}«»‹›“”]")

type Box = tuple[float, float, float, float]  # left, bottom, right, top, in points


@dataclass(frozen=True)
class _Letter:
    """A letter on a page: where its writing begins, and its box."""

    text: str
    origin: float
    left: float
    bottom: float
    right: float
    top: float


def is_most_of(text: str) -> bool:
    """Whether most letters of a page's text are read from right to left."""
    return 2 * len(LETTERS.findall(text)) > len(_ANY_LETTER.findall(text))


def read_line(text_page, first: int, text: str, *, on_leftward: bool) -> tuple[str, bool, Box]:
    """Return a line as it is read, whether that is from right to left, and its box.

    `text` is what pdfium has from the letter number `first` on; `on_leftward` is whether most
    of its page is read from right to left.
    """
    letters = _letters(text_page, first, text)
    # A line that holds both may be read either way: then the page decides.
    latin = sum(unicodedata.bidirectional(each.text) == "L" for each in letters)
    weight = 2 if on_leftward else 0.5
    leftward = weight * len(LETTERS.findall(text)) > latin
    tallest = max(letters, key=_height)
    left, right = min(each.left for each in letters), max(each.right for each in letters)
    box = (left, tallest.bottom, right, tallest.top)
    return _in_reading_order(letters, leftward), leftward, box


def _letters(text_page, first: int, text: str) -> list[_Letter]:
    """Return the letters of `text`, the first of which is number `first` on the page."""
    from pypdfium2 import raw  # type: ignore[import-untyped]

    letters = []
    x, y = ctypes.c_double(), ctypes.c_double()
    for found in _CHARACTER.finditer(text):
        letter = (
            "".join(sorted(found[0]))
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
        raw.FPDFText_GetCharOrigin(text_page, first + found.start(), x, y)
        box = text_page.get_charbox(first + found.start(), loose=True)
        letters.append(_Letter(letter, x.value, *box))
    # pdfium puts in spaces of its own, which take no room and stand anywhere.
    return [each for each in letters if each.left < each.right or not each.text.isspace()]


def _height(letter: _Letter) -> float:
    return letter.top - letter.bottom


def _place_in_row(letter: _Letter) -> tuple[float, bool, float]:
    # An accent shares the place of its letter, which goes before it from the right.
    return letter.origin, not unicodedata.combining(letter.text), letter.left


def _in_reading_order(letters: list[_Letter], leftward: bool) -> str:
    """Return the text of a line that is, or of which parts are, read from right to left.

    A space is where there is one, or room for one.
    """
    room = 0.2 * max(map(_height, letters))
    row: list[str] = []
    reach = letters[0].right
    for letter in sorted(letters, key=_place_in_row):
        if row and letter.left - reach > room:
            row.append(" ")
        reach = max(reach, letter.right) if row else letter.right
        row.append(" " if letter.text.isspace() else letter.text)
    kinds = "".join(_KINDS.get(unicodedata.bidirectional(each), "o") for each in row)
    if leftward:
        ordered = _from_the_right(row, kinds)
    else:
        ordered, at = [], 0
        for found in re.finditer(r"R(?:[^L]*R)?", kinds):
            start, stop = found.span()
            ordered += row[at:start] + _from_the_right(row[start:stop], kinds[start:stop])
            at = stop
        ordered += row[at:]
    # pdfium turns some brackets round, and not others.
    return _BRACKETS.sub(_turned, re.sub(" +", " ", "".join(ordered)))


def _from_the_right(row: list[str], kinds: str) -> list[str]:
    """Return `row` read from the right, but for Latin names and numbers in it."""
    arabic = any(unicodedata.bidirectional(each) == "AL" for each in row)
    pieces: list[str] = []
    at = 0
    for found in (_LEFT_TO_RIGHT_IN_ARABIC if arabic else _LEFT_TO_RIGHT).finditer(kinds):
        pieces += [*row[at : found.start()], "".join(row[found.start() : found.end()])]
        at = found.end()
    return (pieces + row[at:])[::-1]


def _turned(bracket: re.Match[str]) -> str:
    """Return the bracket or quotation mark that fits where it stands: opening or closing."""
    text, at = bracket.string, bracket.start()
    before, after = text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
    opens = not after.isspace() and (before.isspace() or after.isalnum())
    if bracket[0] in "“”" and before.isalnum():
        opens = False  # or it is the sign inside a Hebrew abbreviation
    pair = next(pair for pair in ("()", "[]", "{}", "«»", "‹›", "“”") if bracket[0] in pair)
    return pair[not opens]
