"""`manage.py import_article`: stories in by command, all of them or none."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotate.articles.models import Article, Sentence
from tests.processes import environment

pytestmark = pytest.mark.django_db

SEEDS = Path(__file__).parents[2] / "seeds" / "stories"
STORY = (
    "Mayor says taxes may fall\n\nTaxes may fall. “We hope so,” she said.\n\nA vote is near.\n"
)
HTML = """<!doctype html><html lang="de"><head><title>Die Steuern sinken</title>
<meta property="og:site_name" content="Bote">
<meta property="article:published_time" content="2017-11-14T08:00:00Z"></head>
<body><article><h1>Die Steuern sinken</h1>
<p>Die Steuern sinken bald, sagte die Bürgermeisterin am Montag in der Stadt.</p>
<p>Eine Mehrheit <script>alert(1)</script>im Rat ist nach ihren Worten noch nicht sicher.</p>
</article></body></html>"""


@pytest.fixture
def story(tmp_path):
    return write(tmp_path / "a.txt", STORY)


def write(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def run(*arguments: str) -> list[dict]:
    """Return the lines that the command prints."""
    out = io.StringIO()
    call_command("import_article", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def refused(*arguments: str) -> str:
    """Return the one line that the command ends with; nothing is stored or printed."""
    out = io.StringIO()
    before = Article.objects.count()
    with pytest.raises(CommandError) as error:
        call_command("import_article", *arguments, stdout=out)
    assert error.value.returncode == 1
    assert out.getvalue() == ""
    assert Article.objects.count() == before
    assert "\n" not in str(error.value)
    return str(error.value)


def standard_input(monkeypatch, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_story_is_stored_and_counted(story):
    [line] = run(story)
    article = Article.objects.get()
    assert line == {"article": article.pk, "sentences": 3, "paragraphs": 2}
    assert article.title == "Mayor says taxes may fall"
    assert article.text == STORY.strip()
    assert (article.language, article.status, article.submitted_by) == ("en", "open", None)


def test_the_demo_story(db):
    [line] = run(str(SEEDS / "trump-jr-wikileaks-messages.txt"))
    assert (line["sentences"], line["paragraphs"]) == (26, 9)


def test_options_go_before_what_the_file_says(tmp_path):
    path = write(tmp_path / "a.html", HTML)
    options = {
        "title": "A headline",
        "outlet": "Post",
        "byline": "Jo Doe",
        "url": "https://example.org/a",
        "published": "2018-01-02",
        "language": "de-AT",
        "status": "draft",
    }
    run(path, *(part for name, value in options.items() for part in (f"--{name}", value)))
    article = Article.objects.get()
    stored = {name: str(getattr(article, name)) for name in options}
    assert stored == options


def test_what_the_file_says_is_taken(tmp_path):
    run(write(tmp_path / "a.html", HTML))
    article = Article.objects.get()
    assert (article.title, article.outlet, article.language) == (
        "Die Steuern sinken",
        "Bote",
        "de",
    )
    assert str(article.published) == "2017-11-14"
    assert "script" not in article.text


def test_with_a_title_the_first_line_stays_in_the_text(story):
    [line] = run(story, "--title", "Another")
    assert Article.objects.get().text == f"Another\n\n{STORY.strip()}"
    assert (line["sentences"], line["paragraphs"]) == (4, 3)


def test_the_same_title_as_the_first_line_is_not_doubled(story):
    run(story, "--title", "Mayor says  taxes may fall")
    assert Article.objects.get().text == STORY.strip()


def test_without_a_title_the_file_gives_its_name(tmp_path):
    run(write(tmp_path / "tax-vote.v2.txt", "One paragraph alone."))
    assert Article.objects.get().text == "tax-vote.v2\n\nOne paragraph alone."


def test_a_name_that_is_no_text_gives_no_title(tmp_path):
    run(write(tmp_path / "\x07.txt", "One paragraph alone."))
    assert Article.objects.get().title == "Untitled story"


@pytest.mark.parametrize(
    ("text", "title"), [(STORY, "Mayor says taxes may fall"), ("One alone.", "Untitled story")]
)
def test_standard_input_is_plain_text(monkeypatch, text, title):
    standard_input(monkeypatch, text)
    run("-")
    assert Article.objects.get().title == title


def test_several_files_are_stored_in_order(story, tmp_path):
    other = write(tmp_path / "b.md", "# Other\n\nOne. Two.\n")
    lines = run(story, other)
    assert [(line["sentences"], line["paragraphs"]) for line in lines] == [(3, 2), (2, 1)]
    titles = [Article.objects.get(pk=line["article"]).title for line in lines]
    assert titles == ["Mayor says taxes may fall", "Other"]


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("b.txt", "", "The file is empty. Choose a file with text."),
        (
            "b.txt",
            "T\n\nab\0c",
            "Line 3: the text holds the control character NULL (U+0000) after “ab”. "
            "Take it out, then try again.",
        ),
        (
            "b.rtf",
            "x",
            "Files ending in .txt, .md, .html, .htm, .docx and .pdf can be read, not .rtf. "
            "Save it as one of these, or paste the text.",
        ),
        (
            "b.docx",
            b"PK",
            "This is not a Word file that can be read: it may be damaged. "
            "Open it in your word processor, save it again as .docx, then try again.",
        ),
        (
            "b.txt",
            "x" * 301,
            "The file is larger than 300 bytes, the most that is read. "
            "Put in the text alone, or as several stories.",
        ),
        (
            "b.txt",
            "x" * 201,
            "The story has 201 bytes of text; 200 is the most. Put it in as several stories.",
        ),
        (
            "b.txt",
            "Ab is. " * 5,
            "The story has 5 sentences; 4 is the most. Put it in as several stories.",
        ),
    ],
)
def test_a_wrong_file_stores_none(story, tmp_path, settings, name, content, cause):
    settings.STORY_FILE_MAX_BYTES, settings.STORY_MAX_BYTES = 300, 200
    settings.STORY_MAX_SENTENCES = 4
    wrong = write(tmp_path / name, content)
    assert refused(story, wrong) == f"{wrong}: {cause}"


def test_files_that_cannot_be_opened(story, tmp_path):
    missing = str(tmp_path / "none.txt")
    assert refused(story, missing) == f"{missing}: No such file or directory"
    assert refused(story, str(tmp_path)) == f"{tmp_path}: Is a directory"


def test_a_name_with_a_line_end_is_still_one_line(tmp_path):
    assert refused(f"{tmp_path}/a\nb.txt") == f"{tmp_path}/a b.txt: No such file or directory"


@pytest.mark.parametrize(
    ("option", "value", "cause"),
    [
        (
            "--published",
            "Nov. 14",
            "published: “Nov. 14” is no date. Write it as year-month-day: 2017-11-14.",
        ),
        ("--status", "gone", "status: “gone” is none of draft, open, locked, archived."),
        (
            "--language",
            "1",
            "language: “1” is not a language tag. Write one such as en, pt-BR or zh-Hant.",
        ),
        ("--url", "example", "url: Enter a valid URL."),
        (
            "--url",
            "ftp://example.org/",
            "url: Write a web address that begins with http:// or https://.",
        ),
        (
            "--url",
            "ftp://x",
            "url: Write a web address that begins with http:// or https://.",
        ),
        (
            "--title",
            "x" * 501,
            "title: Ensure this value has at most 500 characters (it has 501).",
        ),
        (
            "--outlet",
            "a\x07",
            "outlet: Line 1: the text holds the control character ALERT (U+0007) after “a”. "
            "Take it out, then try again.",
        ),
    ],
)
def test_a_wrong_option_is_named(story, option, value, cause):
    assert refused(story, option, value) == f"{story}: {cause}"


def test_the_same_text_twice_in_one_call(story, tmp_path):
    again = write(tmp_path / "again.txt", STORY.replace("\n", "\r\n"))
    assert refused(story, again) == f"{again}: the same text as {story}."


def test_a_text_that_stands_already(story):
    [line] = run(story)
    assert refused(story) == (
        f"{story}: This text already stands as article {line['article']}, "
        "“Mayor says taxes may fall”."
    )
    assert Sentence.objects.count() == 4


def test_a_refusal_is_one_line_on_standard_error(tmp_path, settings):
    """As a process: what a shell script sees."""
    name = settings.DATABASES["default"]["NAME"]
    done = subprocess.run(
        [sys.executable, "manage.py", "import_article", str(tmp_path / "none.txt")],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "DATABASE_URL": f"postgresql:///{name}_that_is_not_there"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith(f"CommandError: {tmp_path}/none.txt: the database did not take it: ")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["a.txt", "--outlt", "x"], "unrecognized arguments: --outlt x"),
        (["a.txt", "--outlet"], "argument --outlet: expected one argument"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_a_wrong_call_is_one_line_on_standard_error(home, arguments, cause):
    done = subprocess.run(
        [sys.executable, "manage.py", "import_article", *arguments],
        cwd=Path(__file__).parents[2],
        env=environment(home, DATABASE_URL="postgresql://nowhere.invalid/"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"CommandError: {cause}")


def test_an_empty_title_is_no_title(story):
    run(story, "--title", "")
    assert Article.objects.get().title == "Mayor says taxes may fall"
