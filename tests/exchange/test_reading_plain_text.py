import pytest

from annotate.exchange.reading import Story, StoryRefused, read_here

WINDOWS_1252 = (
    "Read as Windows-1252 (Western Europe): check the quotation marks and the letters "
)
WINDOWS_1252 += "with accents."


@pytest.mark.parametrize(
    "encoding",
    [
        *["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"],
        *["utf-32", "utf-32-le", "utf-32-be"],
    ],
)
def test_encodings_of_unicode(encoding):
    data = "Head “line”\r\n\r\nBody – é 👩🏽‍🚀 of some more letters.".encode(encoding)
    found = read_here("a.txt", data)
    assert (found.title, found.body) == ("Head “line”", "Body – é 👩🏽‍🚀 of some more letters.")
    name = encoding[:6].upper()
    note = f"Read as {name}: check the quotation marks and the letters with accents."
    assert found.notes == ((note,) if encoding.endswith(("-le", "-be")) else ())


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-32-be", "utf-32-le"])
def test_byte_order_marks(encoding):
    assert read_here("a.txt", "\ufeffé".encode(encoding)) == Story(body="é")


def test_windows_quotation_marks_need_no_guess():
    found = read_here("a.txt", "“It’s” – he said…".encode("cp1252"))
    assert found == Story(body="“It’s” – he said…", notes=(WINDOWS_1252,))


def test_other_encodings_are_guessed_and_told():
    text = (
        "Министр сказал, что налоги снизятся. Никто ему не поверил, и он ушёл в отставку. " * 3
    )
    found = read_here("a.txt", text.encode("koi8-r"))
    assert found.body == text
    assert found.notes == (
        "Read as KOI8-R: check the quotation marks and the letters with accents.",
    )


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "He said “yes” at the café in Malmö – a résumé of 3 km³."),
        ("cp1252", "El ministro dijo que la economía española mejoraría el año próximo."),
        ("cp1252", "Le ministre a déclaré que les impôts baisseraient à l’été, où ça ira."),
        ("latin-1", "Der Minister hat gesagt, dass die Löhne früh erhöht würden."),
        ("cp1250", "Minister powiedział, że podatki spadną, a płace wzrosną w przyszłości."),
        ("cp1250", "Ministr řekl, že daně příští rok klesnou, a nikdo mu nevěřil."),
        ("cp1254", "Bakan vergilerin düşeceğini söyledi; kimse ona inanmadı."),
        ("cp1251", "Министр сказал, что налоги снизятся в будущем году."),
        ("cp1256", "قال الوزير إن الضرائب ستنخفض العام المقبل."),
        ("mac-roman", "He said “yes” at the café in Malmö – a résumé, or whatever it was."),
        ("iso8859-5", "Министр сказал, что налоги снизятся в будущем году."),
        ("iso8859-7", "Ο υπουργός είπε ότι οι φόροι θα μειωθούν του χρόνου."),
        ("shift_jis", "大臣は来年税金が下がると述べた。"),
        ("gb18030", "部长说明年税收会下降。"),
    ],
)
@pytest.mark.parametrize("times", [1, 5, 300])
def test_code_pages_that_are_often_met(codec, text, times):
    found = read_here("a.txt", (f"{text} " * times).strip().encode(codec))
    assert found.body == (f"{text} " * times).strip()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"\x00\x01\xff\xfe\x80",
            "This is not a text file. Choose another, or paste the text.",
        ),
        (
            b"%PDF-1.4 x",
            "This is a PDF file, not a text file. Give its name the ending .pdf.",
        ),
        (
            b"PK\x03\x04",
            "This is a Word or other packed file, not a text file. "
            "Give its name the ending .docx, if it is one.",
        ),
        (
            b"\xff\xfe\x00\x00a\x00\x00\x00b",
            "The file is damaged: it is not in the encoding that its first bytes tell, "
            "from byte 9 on. Save it again as UTF-8.",
        ),
        (
            b"a\x00\x00\x00\x00\x00\x11\x00",
            "Line 1: the text holds the control character NULL (U+0000) after “a”. "
            "Take it out, then try again.",
        ),
        (
            b"a\nb\x00c",
            "Line 2: the text holds the control character NULL (U+0000) after “b”. "
            "Take it out, then try again.",
        ),
        (
            b"\xef\xbb\xbfab\xff",
            "The file is damaged: it is not in the encoding that its first bytes tell, "
            "from byte 3 on. Save it again as UTF-8.",
        ),
    ],
)
def test_what_is_no_text(data, message):
    with pytest.raises(StoryRefused) as refusal:
        read_here("a.txt", data)
    assert str(refusal.value) == message
