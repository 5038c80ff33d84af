"""PDF files: lines put back together into paragraphs.

A PDF knows where letters stand on a page, not what a paragraph is. Lines are joined, and a
paragraph ends where the page shows it: a gap, an indent, a change of size, or a line that
stops although the next word had room in it.
"""

import re
import statistics
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from annotate.exchange.reading import right_to_left
from annotate.exchange.story import (
    LINE_CHARACTERS,
    Story,
    StoryRefused,
    author_of_file,
    title_of_file,
    without_headline,
)

MAX_PAGES = 500
MAX_CHARACTERS = 5_000_000

# pdfium puts one of these for a hyphen at a line's end, and no line end after it.
_HYPHENS = "\u0002\ufffe"
_LINE_ENDS = re.compile(rf"\r\n|[\r\n\f{_HYPHENS}]")
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_CONTROLS = {code: "\ufffd" for code in [*range(0x20), *range(0x7F, 0xA0)] if code != 0x09}
_HYPHENATED = re.compile(r"(?<![^\W\d_])[^\W\d_]+(?:-[^\W\d_]+)+")  # begins with a word
_SENTENCE_END = re.compile(r"""[.!?:…؟。！？：]["'”’»)\]」』）]*$""")
# Han, kana and their punctuation: lines of them are broken anywhere, without a space.
_UNSPACED = (
    r"[\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f\U00020000-\U0003ffff]"
)
_BEGINS_UNSPACED = re.compile(_UNSPACED)
_BESIDE_UNSPACED = rf"(?:{_UNSPACED}|[\d%“”‘’…—])"
_NO_SPACE = re.compile(rf"{_UNSPACED}\n{_BESIDE_UNSPACED}|{_BESIDE_UNSPACED}\n{_UNSPACED}")
# A page number alone, or one that says how many there are: `1/2`, `Page 1 of 2`.
_PAGE_OF_TWO = re.compile(r"(?i)\A\W*(?:page\W*)?\d+\W*\Z|\b[12] ?(?:/|of|von|de|sur|di) ?2\Z")
# What browsers print above and below a page: `11/23/26, 12:00 PM`, `https://… 1/1`.
_PRINTED_ABOVE = re.compile(r"\A\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4},? \d{1,2}:\d\d\b")
_PRINTED_BELOW = re.compile(r"\A(?:https?|file)://\S+ 1/1\Z")
_BULLETS = "•◦▪‣●■"
_DAMAGED = "This PDF cannot be read: it may be damaged. Save it again, or paste the text."
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD


@dataclass(frozen=True)
class _Line:
    """One line on a page. Points of 1/72 inch, the origin at the page's lower left."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    size: float
    hyphenated: bool = False
    leftward: bool = False  # read from right to left; then left and right are mirrored


@dataclass(frozen=True)
class _Place:
    """A line in its column, and how far left and right the lines of its size reach there."""

    line: _Line
    column: int
    left: float
    right: float


def read(data: bytes) -> Story:
    """Return the story in a PDF file. Raises StoryRefused."""
    if b"%PDF" not in data[:1024]:
        raise StoryRefused("This is not a PDF file, though its name says so. Choose another.")
    properties, pages = _open(data)
    lines, notes = _without_running_lines(pages)
    paragraphs = _paragraphs(lines)
    if not any(text.strip("\ufffd \t\n") for text, _ in paragraphs):
        raise StoryRefused(
            "This PDF holds no text, as when it is scanned. "
            "Run text recognition (OCR) over it, or paste the text."
        )
    texts = [text for text, _ in paragraphs]
    title = title_of_file(properties.get("Title")) or _largest_first(paragraphs)
    notes.append("Paragraphs were put together from the lines of a PDF: check where they end.")
    if any(map(right_to_left.LETTERS.search, texts)):
        notes.append(
            "Letters that are read from right to left may be out of order in a PDF: "
            "check each word, or paste the text."
        )
    if "\ufffd" in "".join(texts):
        notes.append("Some letters could not be read and show as \ufffd.")
    if made := re.match(r"D:(\d{4})(\d\d)(\d\d)", properties.get("CreationDate", "")):
        notes.append(
            f"The PDF was made on {'-'.join(made.groups())}: "
            "its day of publication may be another."
        )
    return Story(
        title=title,
        byline=author_of_file(properties.get("Author")),
        body="\n\n".join(without_headline(title, texts)),
        notes=tuple(notes),
    )


def _open(data: bytes) -> tuple[dict[str, str], list[list[_Line]]]:
    """Return the document's properties and the lines of each page. Raises StoryRefused."""
    # Imported here, as in every reader: the web server starts without waiting for it.
    import pypdfium2  # type: ignore[import-untyped]

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise StoryRefused(
                "This PDF has a password. Save it without one, then try again."
            ) from error
        raise StoryRefused(_DAMAGED) from error
    try:
        if len(document) > MAX_PAGES:
            raise StoryRefused(
                f"This PDF has {len(document):,} pages; {MAX_PAGES} is the most. "
                "Put in the pages of the story alone."
            )
        pages: list[list[_Line]] = []
        characters = 0
        for number in range(len(document)):
            try:
                page = document[number]
                text_page = page.get_textpage()
            except pypdfium2.PdfiumError:
                pages.append([])  # one broken page of many
                continue
            characters += text_page.count_chars()
            if characters > MAX_CHARACTERS:
                raise StoryRefused(
                    "This PDF holds too much text. Put in the story's pages alone."
                )
            pages.append(_lines(text_page, number))
            text_page.close()
            page.close()
        return document.get_metadata_dict(), pages
    except pypdfium2.PdfiumError as error:
        raise StoryRefused(_DAMAGED) from error
    finally:
        document.close()


def _lines(text_page, page: int) -> list[_Line]:
    """Return the lines of a page that hold more than spaces, as pdfium orders them."""
    from pypdfium2 import raw

    # One call for each character: the text as a whole has no sure way back to positions.
    codes = [raw.FPDFText_GetUnicode(text_page, i) for i in range(text_page.count_chars())]
    text = "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
    on_leftward = right_to_left.is_most_of(text)
    lines = []
    start = 0
    for end in [*_LINE_ENDS.finditer(text), None]:
        stop = end.start() if end else len(text)
        stretch = text[start:stop]
        if stretch.strip():
            first = start + len(stretch) - len(stretch.lstrip())
            words, leftward = stretch.strip(), False
            if right_to_left.LETTERS.search(words):
                words, leftward, box = right_to_left.read_line(
                    text_page, first, words, on_leftward=on_leftward
                )
                left, bottom, right, top = box
            else:
                last = first + len(words) - 1
                left, bottom, _, top = text_page.get_charbox(first, loose=True)
                right = text_page.get_charbox(last, loose=True)[2]
            # pdfium knows a broken word only where it goes on on the same page.
            words, broken = re.subn(r"(?<=[^\W\d_])[-\u2010]\Z", "", words)
            lines.append(
                _Line(
                    text=_clean(words),
                    page=page,
                    left=-right if leftward else left,
                    right=-left if leftward else right,
                    bottom=bottom,
                    size=max(top - bottom, 1.0),
                    hyphenated=bool(broken or (end and end[0] in _HYPHENS)),
                    leftward=leftward,
                )
            )
        start = end.end() if end else stop
    return lines


def _clean(text: str) -> str:
    # Letters outside the first plane come as two halves of a surrogate pair.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.translate(_LIGATURES).translate(_CONTROLS)


def _without_running_lines(pages: list[list[_Line]]) -> tuple[list[_Line], list[str]]:
    """Return all lines but page numbers and headers and footers that surely are such.

    Sure is: among the two highest or lowest lines, at the same height on three pages or
    more and on 40 % of all (left and right pages may differ), with the same words, and with
    numbers that are the same or count the pages. On two pages, it must be the highest or
    lowest line, apart from the text, and words beside a page number must speak of pages.
    On one page, only what a browser prints above and below is.
    """
    two = len(pages) == 2
    seen: dict[str, list[_Line]] = defaultdict(list)
    for lines in pages:
        by_height = sorted(lines, key=lambda line: line.bottom)
        outermost = {*by_height[:2], *by_height[-2:]}
        for line in _apart(by_height) | _apart(by_height[::-1]) if two else outermost:
            seen[re.sub(r"\d+", "#", line.text)].append(line)
    running = _printed_around(pages[0]) if len(pages) == 1 else set()
    for group in seen.values():
        height = statistics.median(line.bottom for line in group)
        level = [line for line in group if abs(line.bottom - height) < 4]
        if len({line.page for line in level}) < (2 if two else max(3, 0.4 * len(pages))):
            continue
        counted = [
            {int(number) - line.page for number in re.findall(r"\d{1,9}", line.text)}
            for line in level
        ]
        if len({line.text for line in level}) == 1 or (
            set.intersection(*counted) and (not two or _PAGE_OF_TWO.search(level[0].text))
        ):
            running.update(level)
    kept = [line for lines in pages for line in lines if line not in running]
    dropped = sorted({re.sub(r"\d+", "…", line.text) for line in running})
    if not dropped:
        return kept, []
    names = ", ".join(f"“{text[:40]}”" for text in dropped[:5])
    return kept, [f"Left out as headers, footers and page numbers: {names}."]


def _printed_around(lines: list[_Line]) -> set[_Line]:
    """Return what a browser printed above and below the text of a single page."""
    by_height = sorted(lines, key=lambda line: line.bottom)
    below, above = _apart(by_height), _apart(by_height[::-1])
    if any(_PRINTED_BELOW.search(line.text) for line in below) and any(
        _PRINTED_ABOVE.search(line.text) for line in above
    ):
        return below | above
    return set()


def _apart(lines: list[_Line]) -> set[_Line]:
    """Return what stands at the height of the first line, if the others are far or unlike."""
    level = [line for line in lines if abs(line.bottom - lines[0].bottom) < 4]
    others = lines[len(level) :]
    if not others:
        return set()
    far = abs(others[0].bottom - lines[0].bottom) > 1.8 * lines[0].size
    return set(level) if far or not _same_size(lines[0], others[0]) else set()


def _paragraphs(lines: list[_Line]) -> list[tuple[str, float]]:
    """Return text and letter size in points of each paragraph."""
    places = _places(lines)
    usual = _usual_pitch(places)
    words = set(_HYPHENATED.findall(" ".join(line.text for line in lines)))
    paragraphs: list[tuple[list[str], float]] = []
    before = None
    for place in places:
        if before is not None and not _starts_paragraph(before, place, usual):
            parts = paragraphs[-1][0]
            parts.append(_link(before.line, place.line, words))
            parts.append(place.line.text)
        else:
            if before is not None and before.line.hyphenated:
                paragraphs[-1][0].append("-")
            paragraphs.append(([place.line.text], place.line.size))
        before = place
    if before is not None and before.line.hyphenated:
        paragraphs[-1][0].append("-")
    return [("".join(parts), size) for parts, size in paragraphs]


def _places(lines: list[_Line]) -> list[_Place]:
    """Return each line in its column: a run of lines that go down one page."""
    numbers: list[int] = []
    for index, line in enumerate(lines):
        before = lines[index - 1]
        up = line.page != before.page or line.bottom > before.bottom + line.size
        numbers.append(0 if index == 0 else numbers[-1] + up)
    # Lines of one size share their edges: a headline may run across two columns.
    edges: dict[tuple[int, int, bool], tuple[float, float]] = {}
    keys = [
        (number, round(line.size), line.leftward)
        for number, line in zip(numbers, lines, strict=True)
    ]
    for key, line in zip(keys, lines, strict=True):
        left, right = edges.get(key, (line.left, line.right))
        edges[key] = min(left, line.left), max(right, line.right)
    return [_Place(line, key[0], *edges[key]) for line, key in zip(lines, keys, strict=True)]


def _usual_pitch(places: list[_Place]) -> float:
    """Return the usual distance from line to line, in letter sizes."""
    pitches = [
        pitch
        for before, place in pairwise(places)
        if before.column == place.column
        and _same_size(before.line, place.line)
        and 0.5 < (pitch := _pitch(before.line, place.line)) < 3
    ]
    # Gaps between paragraphs are wider and fewer. Where every paragraph is one line there
    # is nothing to tell them by, and other signs must do.
    return statistics.median_low(pitches) if pitches else 1.2


def _pitch(before: _Line, line: _Line) -> float:
    return (before.bottom - line.bottom) / line.size


def _same_size(one: _Line, other: _Line) -> bool:
    return 0.87 < one.size / other.size < 1.15


def _starts_paragraph(last: _Place, place: _Place, usual: float) -> bool:
    before, line = last.line, place.line
    if not _same_size(before, line) or line.text[0] in _BULLETS:
        return True
    if before.hyphenated:
        return False
    same_column = last.column == place.column
    if same_column and _pitch(before, line) > usual * 1.3:
        return True
    if before.leftward != line.leftward:
        return False
    letter = line.size * 0.4  # about the mean width of a letter
    indented = line.left > place.left + 1.5 * letter
    as_before = same_column and abs(before.left - line.left) < letter
    if indented and not as_before and _SENTENCE_END.search(before.text[-9:]):
        return True
    first_word = line.text[:99].split(maxsplit=1)[0]
    room = (len(first_word) + 2) * letter
    if _BEGINS_UNSPACED.match(line.text):
        room = 3 * line.size  # a letter is as wide as high, and a sign may have to follow it
    return before.right + room < last.right


def _link(before: _Line, line: _Line, words: set[str]) -> str:
    """Return what stands between two lines of a paragraph.

    A hyphen at the line's end goes when it only broke a word: small letters on both sides,
    and the rest of the text does not write that word with a hyphen.
    """
    if not before.hyphenated:
        return "" if _NO_SPACE.match(f"{before.text[-1]}\n{line.text[0]}") else " "
    first = re.split(r"[^\w-]", before.text[-99:])[-1]
    second = re.split(r"[^\w-]", line.text[:99])[0]
    broken = before.text[-1].islower() and line.text[0].islower()
    return "" if broken and f"{first}-{second}" not in words else "-"


def _largest_first(paragraphs: list[tuple[str, float]]) -> str:
    """Return the first paragraph when its letters are larger than those of most text."""
    text, size = paragraphs[0]
    sizes = [size for text, size in paragraphs for _ in range(max(1, len(text) // 50))]
    is_headline = len(text) <= LINE_CHARACTERS and size > 1.2 * statistics.median(sizes)
    return text if is_headline and len(paragraphs) > 1 else ""
