import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.exchange.reading import StoryRefused, read_here

DAMAGED = "This PDF cannot be read: it may be damaged. Save it again, or paste the text."
CHECK = "Paragraphs were put together from the lines of a PDF: check where they end."


def pdf(
    *pages: list[tuple[float, float, float, str]], info: str = "", trailer: str = ""
) -> bytes:
    """Return a PDF in Helvetica: for each page its lines as x, y, letter size and text.

    Points of 1/72 inch from the lower left corner of an A4 page. `info` and `trailer` are
    the entries of the document's properties and of the trailer. A line with letters that are
    not in Windows-1252 is in Courier, whose letters are all 0.6 of their size wide.
    """
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    bodies.append(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )
    bodies.append(f"<< {info} >>")
    letters = sorted({each for lines in pages for line in lines for each in line[3]})
    codes = {letter: 33 + number for number, letter in enumerate(letters)}
    pairs = "".join(
        f"<{code:02x}> <{each.encode('utf-16-be').hex()}>\n" for each, code in codes.items()
    )
    table = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{pairs}endbfchar\nendcmap end end"
    )
    bodies.append(f"<< /Length {len(table)} >>\nstream\n{table}\nendstream")
    bodies.append("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode 5 0 R >>")
    kids = []
    for lines in pages:
        shown = "".join(
            f"{shown_as(text, codes)[0]} {size} Tf 1 0 0 1 {x} {y} Tm "
            f"<{shown_as(text, codes)[1]}> Tj\n"
            for x, y, size, text in lines
        )
        content = f"BT\n{shown}ET"
        bodies.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        bodies.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            "/Resources << /Font << /F1 3 0 R /F2 6 0 R >> >> "
            f"/Contents {len(bodies)} 0 R >>"
        )
        kids.append(f"{len(bodies)} 0 R")
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return packed(bodies, trailer)


def shown_as(text: str, codes: dict[str, int]) -> tuple[str, str]:
    try:
        return "/F1", text.encode("cp1252").hex()
    except UnicodeEncodeError:
        return "/F2", bytes(codes[each] for each in text).hex()


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


def column_from_the_right(*lines: str, right: float = 523, top: float = 700, size: float = 11):
    """Return lines as Chromium draws them: letters in the order in which they are seen."""
    return [
        (right - len(line) * 0.6 * size, top - 14 * number, size, line)
        for number, line in enumerate(lines)
    ]


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


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("https://example.org/a?b=1 {}/2", "https://example.org/a?b=… …/…"),
        ("Page {} of 2", "Page … of …"),
        ("– {} –", "– … –"),
        ("Page {}", "Page …"),
    ],
)
def test_headers_and_page_numbers_of_two_pages(number, told):
    pages = [
        [
            *column(f"{word} {FULL}", f"{word} {FULL}", top=780),
            (24, 815, 8, "11/23/26, 12:00 PM"),
            (300, 815, 8, "Minister quits"),
            (24, 16, 8, number.format(n)),
        ]
        for n, word in enumerate(["One", "Two"], 1)
    ]
    found = read(*pages)
    assert found.body == f"One {FULL} One {FULL} Two {FULL} Two {FULL}"
    left_out = sorted([told, "…/…/…, …:… PM Minister quits"])
    assert found.notes[0] == (
        "Left out as headers, footers and page numbers: "
        f"{', '.join(f'“{each}”' for each in left_out)}."
    )


def test_what_a_browser_prints_around_a_single_page():
    above, below = (
        (24, 815, 8, "11/23/26, 12:00 PM Minister quits"),
        "https://example.org/a 1/1",
    )
    text = column(FULL, FULL)
    found = read([*text, above, (24, 16, 8, below)])
    assert found.body == f"{FULL} {FULL}"
    assert found.notes[0] == (
        "Left out as headers, footers and page numbers: "
        "“https://example.org/a …/…”, “…/…/…, …:… PM Minister quits”."
    )
    assert "1/1" in read([*text, (24, 16, 8, below)]).body
    assert "Minister quits" in read([*text, above]).body


def test_what_is_not_surely_a_header_stays():
    two = [[(72, 714, 11, "Daily Paper"), *column(FULL, "end.")] for _ in range(2)]
    assert read(*two).body.count("Daily Paper") == 2
    two = [[(72, 800, 11, f"Question {n}"), *column(FULL)] for n in (1, 2)]
    assert read(*two).body.count("Question") == 2
    two = [[(72, 800, 11, f"{n} ministers"), *column(FULL)] for n in (12, 2)]
    assert read(*two).body.count("ministers") == 2
    elsewhere = [[*column("Daily Paper", FULL, top=700 - 50 * n)] for n in range(4)]
    assert "Daily Paper" in read(*elsewhere).body
    years = [[*column(FULL, FULL, FULL), (72, 100, 11, str(y))] for y in (1999, 2016, 2001)]
    assert "2016" in read(*years).body


def test_letters_and_signs():
    text = "“It’s” – café ©, €5\u00a0m, 100 % < 5 {{ x }} <script>"
    assert paragraphs(column(text))[0].replace("\u00a0", " ") == text.replace("\u00a0", " ")


RIGHT_TO_LEFT = (
    "Letters that are read from right to left may be out of order in a PDF: "
    "check each word, or paste the text."
)
HEBREW = "השר אמר ביום שלישי בכנסת כי המיסים יירדו בשנה הבאה"


def test_lines_from_right_to_left_become_paragraphs():
    first, second = HEBREW[::-1], ".תוטלחהה וז"
    found = read(
        column_from_the_right(first, first, second, first, top=700)
        + column_from_the_right(second, top=600),
    )
    last = "זו ההחלטות."
    assert found.body == f"{HEBREW} {HEBREW} {last}\n\n{HEBREW}\n\n{last}"
    assert found.notes == (CHECK, RIGHT_TO_LEFT)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (".2019 תנשמ 12-ב רמא", "אמר ב-12 משנת 2019."),
        ("(2019 תנשב המקוהש) הלשממה", "הממשלה (שהוקמה בשנת 2019)"),
        ("2016-2019 ,12% ,14/11/2017-ב", "ב-14/11/2017, 12%, 2016-2019"),
        ("רמא .Donald Trump Jr פמארט", "טראמפ Donald Trump Jr. אמר"),
        ("COVID-19 תפגמ .“ןכ” ,ל”הצ", "צה”ל, “כן”. מגפת COVID-19"),
        ("%12 ريزولا لاق", "قال الوزير 12%"),
        ("2019-2016 يف «معن»", "«نعم» في 2016-2019"),
    ],
)
def test_letters_from_right_to_left(seen, text):
    assert paragraphs(column_from_the_right(seen, HEBREW[::-1])) == [text, HEBREW]


@pytest.mark.parametrize("step", [1, -1])
def test_letters_from_right_to_left_drawn_one_by_one(step):
    [(x, y, size, seen)] = column_from_the_right(HEBREW[::-1])
    letters = [(x + 0.6 * size * at, y, size, letter) for at, letter in enumerate(seen)]
    assert paragraphs([each for each in letters if each[3] != " "][::step]) == [HEBREW]


@given(st.text("אבגעלםعلم٣12ab.,:%-/$“”\u05b8 😀", min_size=1, max_size=30))
@settings(deadline=None)
def test_no_letter_is_lost_between_directions(seen):
    found = read(column_from_the_right(f"ש{seen}ת")).body
    quotes = str.maketrans("”", "“")  # pdfium turns them round, and we by where they stand
    assert sorted(found.translate(quotes).replace(" ", "")) == sorted(
        f"ש{seen}ת".translate(quotes).replace(" ", "")
    )


def test_words_from_right_to_left_in_a_line():
    seen = "He said ,םלוע םולש, and םלועל אל (2019) then left."
    assert paragraphs(column_from_the_right(seen)) == [
        "He said ,שלום עולם, and לא לעולם (2019) then left."
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["部长周二在议会表示，明年税收将", "下降。"], "部长周二在议会表示，明年税收将下降。"),
        (
            ["政府自2019", "年成立，该计划“不现实”", "并且"],
            "政府自2019年成立，该计划“不现实”并且",
        ),
        (["大臣はカナダと", "アメリカ「", "という"], "大臣はカナダとアメリカ「という"),
        (["部长周二在议会表示", "Trump Tower"], "部长周二在议会表示 Trump Tower"),
        (["장관은 화요일에", "말했다 그리고"], "장관은 화요일에 말했다 그리고"),
    ],
)
def test_lines_of_letters_without_spaces(lines, text):
    assert paragraphs(column(*lines)) == [text]


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
