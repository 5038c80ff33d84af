import contextlib

import pytest

from annotate.exchange.reading import StoryRefused, read_here

DAMAGED = "This PDF cannot be read: it may be damaged. Save it again, or paste the text."
CHECK = "Paragraphs were put together from the lines of a PDF: check where they end."


def pdf(
    *pages: list[tuple[float, float, float, str]], info: str = "", trailer: str = ""
) -> bytes:
    """Return a PDF in Helvetica: for each page its lines as x, y, letter size and text.

    Points of 1/72 inch from the lower left corner of an A4 page. `info` and `trailer` are
    the entries of the document's properties and of the trailer.
    """
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    bodies.append(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )
    bodies.append(f"<< {info} >>")
    kids = []
    for lines in pages:
        shown = "".join(
            f"/F1 {size} Tf 1 0 0 1 {x} {y} Tm <{text.encode('cp1252').hex()}> Tj\n"
            for x, y, size, text in lines
        )
        content = f"BT\n{shown}ET"
        bodies.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        bodies.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {len(bodies)} 0 R >>"
        )
        kids.append(f"{len(bodies)} 0 R")
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return packed(bodies, trailer)


def packed(bodies: list[str], trailer: str = "") -> bytes:
    """Return a PDF of these objects: the first is the catalog, the fourth the properties."""
    out = "%PDF-1.4\n"
    table = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n"
    for number, body in enumerate(bodies, 1):
        table += f"{len(out):010} 00000 n \n"
        out += f"{number} 0 obj\n{body}\nendobj\n"
    end = f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R /Info 4 0 R {trailer} >>\n"
    return f"{out}{table}{end}startxref\n{len(out)}\n%%EOF".encode("latin-1")


def column(*lines: str, x: float = 72, top: float = 700, size: float = 11, step: float = 14):
    return [(x, top - step * number, size, line) for number, line in enumerate(lines)]


def read(*pages, **more):
    return read_here("story.pdf", pdf(*pages, **more))


def paragraphs(*pages) -> list[str]:
    return read(*pages).body.split("\n\n")


FULL = "The minister of finance said on Tuesday in parliament that he would"


def test_lines_become_paragraphs_at_gaps():
    assert paragraphs(
        [*column(FULL, FULL, FULL), *column(FULL, FULL, top=650), *column(FULL, top=614)]
    ) == [f"{FULL} {FULL} {FULL}", f"{FULL} {FULL}", FULL]


def test_lines_become_paragraphs_where_the_letters_change_size():
    assert paragraphs([(72, 714, 14, FULL[:50]), *column(FULL, FULL)]) == [f"{FULL} {FULL}"]
    assert paragraphs([*column(FULL, FULL), (72, 672, 8, FULL), (72, 662, 8, FULL)]) == [
        f"{FULL} {FULL}",
        f"{FULL} {FULL}",
    ]


def test_lines_become_paragraphs_at_indents():
    lines = column(FULL, FULL + ".", "    ", FULL, FULL)
    page = [lines[0], lines[1], (90, 672, 11, FULL), (72, 658, 11, FULL)]
    assert paragraphs(page) == [f"{FULL} {FULL}.", f"{FULL} {FULL}"]


def test_lines_become_paragraphs_where_the_next_word_had_room():
    assert paragraphs(column(FULL, "He quit.", FULL, FULL)) == [
        f"{FULL} He quit.",
        f"{FULL} {FULL}",
    ]


def test_hyphens_at_line_ends():
    assert paragraphs(
        column(FULL[:-5] + "imme-", "diately leave the Trump-", "Clinton debate")
    ) == [FULL[:-5] + "immediately leave the Trump-Clinton debate"]


def test_hyphen_at_the_end_of_a_page():
    found = paragraphs(column(FULL, FULL[:-5] + "imme-"), column("diately " + FULL, "quit."))
    assert found == [f"{FULL} {FULL[:-5]}immediately {FULL} quit."]


def test_hyphen_stays_where_the_text_writes_the_word_so():
    lines = column(
        "A short-term plan, said the minister, is better than a long-term one, short-"
    )
    found = paragraphs(
        [*lines, *column("term plans being what the parliament wants.", top=686)]
    )
    assert found == [
        "A short-term plan, said the minister, is better than a long-term one, "
        "short-term plans being what the parliament wants."
    ]


def test_hyphen_at_the_end_stays():
    assert paragraphs(column("The end-")) == ["The end-"]


def test_paragraph_goes_on_over_pages_and_columns():
    left, right = column(FULL[:30], FULL[:30]), column(FULL[:30], "end.", x=320)
    assert paragraphs([*left, *right]) == [" ".join([FULL[:30]] * 3 + ["end."])]
    assert paragraphs(column(FULL, FULL), column(FULL, "end.")) == [
        f"{FULL} {FULL} {FULL} end."
    ]


def test_headline_by_its_size():
    found = read([(72, 780, 22, "Minister quits"), *column(FULL, FULL, "over tax.")])
    assert (found.title, found.body) == ("Minister quits", f"{FULL} {FULL} over tax.")
    assert found.notes == (CHECK,)


def test_properties():
    info = "/Title (Minister quits) /Author (Ana Ruiz) /CreationDate (D:20171114100000Z)"
    found = read([(72, 780, 22, "Minister quits"), *column(FULL)], info=info)
    assert (found.title, found.byline, found.body) == ("Minister quits", "Ana Ruiz", FULL)
    assert found.published is None
    assert found.notes == (
        CHECK,
        "The PDF was made on 2017-11-14: its day of publication may be another.",
    )


def test_properties_of_programs_are_none():
    found = read(column(FULL), info="/Title (Microsoft Word - a.doc) /Author (Administrator)")
    assert (found.title, found.byline) == ("", "")


def test_headers_and_page_numbers_are_left_out_and_told():
    words = ["One", "Two", "Three", "Four"]
    pages = [
        [
            (72, 800, 9, "Daily Paper"),
            *column(*[f"{word} {FULL}"] * 2),
            (290, 30, 9, f"Page {n} of 4"),
        ]
        for n, word in enumerate(words, 1)
    ]
    found = read(*pages)
    assert found.body == " ".join(f"{word} {FULL} {word} {FULL}" for word in words)
    assert found.notes[0] == (
        "Left out as headers, footers and page numbers: “Daily Paper”, “Page … of …”."
    )


def test_what_is_not_surely_a_header_stays():
    two = [[(72, 800, 11, "Daily Paper"), *column(FULL)] for _ in range(2)]
    assert "Daily Paper" in read(*two).body
    elsewhere = [[*column("Daily Paper", FULL, top=700 - 50 * n)] for n in range(4)]
    assert "Daily Paper" in read(*elsewhere).body
    years = [[*column(FULL, FULL, FULL), (72, 100, 11, str(y))] for y in (1999, 2016, 2001)]
    assert "2016" in read(*years).body


def test_letters_and_signs():
    text = "“It’s” – café ©, €5\u00a0m, 100 % < 5 {{ x }} <script>"
    assert paragraphs(column(text))[0].replace("\u00a0", " ") == text.replace("\u00a0", " ")


@pytest.mark.parametrize("pages", [[[]], [[], []]])
def test_pages_without_text(pages):
    with pytest.raises(StoryRefused) as refusal:
        read(*pages)
    assert str(refusal.value) == (
        "This PDF holds no text, as when it is scanned. "
        "Run text recognition (OCR) over it, or paste the text."
    )


def test_password():
    encrypted = (
        "/ID [<00112233445566778899AABBCCDDEEFF> <00112233445566778899AABBCCDDEEFF>] "
        "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
        f"/O <{'41' * 32}> /U <{'42' * 32}> >>"
    )
    with pytest.raises(StoryRefused) as refusal:
        read(column(FULL), trailer=encrypted)
    assert str(refusal.value) == "This PDF has a password. Save it without one, then try again."


def test_too_many_pages():
    with pytest.raises(StoryRefused) as refusal:
        read(*[[]] * 501)
    assert str(refusal.value) == (
        "This PDF has 501 pages; 500 is the most. Put in the pages of the story alone."
    )


@pytest.mark.parametrize("data", [b"%PDF-1.4", b"\n" * 1000 + b"%PDF-1.4\n%%EOF"])
def test_damaged(data):
    with pytest.raises(StoryRefused) as refusal:
        read_here("a.pdf", data)
    assert str(refusal.value) == DAMAGED


def test_no_pdf():
    with pytest.raises(StoryRefused) as refusal:
        read_here("a.pdf", b" " * 1024 + b"%PDF-1.4")
    assert str(refusal.value) == (
        "This is not a PDF file, though its name says so. Choose another."
    )


def test_any_cut_of_a_file_is_a_story_or_refused():
    whole = pdf(column(FULL, FULL), column(FULL), info="/Title (A)")
    for length in range(0, len(whole), 7):
        for data in (whole[:length], whole[:length] + b"\xff\x00>>" + whole[length + 4 :]):
            with contextlib.suppress(StoryRefused):
                assert read_here("a.pdf", data).body
