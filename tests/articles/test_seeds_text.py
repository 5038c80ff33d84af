"""The seeds as files: what a person wrote there is well formed. No database."""

import datetime
import json
import re
import unicodedata
from importlib import import_module
from pathlib import Path

import pytest

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
DEMO = "stories/trump-jr-wikileaks-messages.txt"
POST = "stories/quillon-square-post.txt"
LONG = "stories/marrow-ford-budget.txt"

STORIES = json.loads((SEEDS / "stories.json").read_text(encoding="utf-8"))
LABELS = import_module("annotate.annotations.migrations.0002_add_labels").LABELS
SAMPLES = json.loads((SEEDS / "annotations.json").read_text(encoding="utf-8"))
FILES = [story["file"] for story in STORIES]
EVERY_FILE = sorted(path for path in SEEDS.rglob("*") if path.is_file())


def text_of(file: str) -> str:
    """The article’s text, without the newline that ends the file."""
    return (SEEDS / file).read_bytes().decode("utf-8").removesuffix("\n")


def body_sentences(file: str) -> list[str]:
    from annotate.articles.segmentation import split_sentences

    return [
        paragraph[start:end]
        for paragraph in text_of(file).split("\n\n")[1:]
        for start, end in split_sentences(paragraph)
    ]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two `#rrggbb` colours, 1 to 21."""

    def luminance(colour: str) -> float:
        channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: path.name)
def test_every_file_is_nfc_without_control_characters(path):
    text = path.read_bytes().decode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    bad = {ch for ch in text if ch != "\n" and unicodedata.category(ch) in {"Cc", "Zl", "Zp"}}
    assert not bad
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_every_story_file_is_listed_once():
    on_disk = {path.relative_to(SEEDS).as_posix() for path in (SEEDS / "stories").iterdir()}
    assert sorted(FILES) == sorted(on_disk)
    assert FILES[0] == DEMO


@pytest.mark.parametrize("file", FILES)
def test_paragraphs_stand_apart_by_one_blank_line(file):
    headline, *paragraphs = text_of(file).split("\n\n")
    assert paragraphs
    for paragraph in (headline, *paragraphs):
        assert paragraph
        assert "\n" not in paragraph
        assert paragraph == paragraph.strip()
        assert "  " not in paragraph


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["file"])
def test_metadata_is_whole(story):
    fields = ["file", "outlet", "byline", "url", "published", "language", "status"]
    assert list(story) == fields
    assert all(story.values())
    datetime.date.fromisoformat(story["published"])
    assert re.fullmatch(r"[a-z]{2}", story["language"])
    assert story["status"] == "open"
    assert story["url"].startswith("https://example.org/")


@pytest.mark.parametrize("story", STORIES[1:], ids=lambda story: story["file"])
def test_made_up_stories_say_so(story):
    assert story["outlet"].endswith("(made up)")


def test_demo_story_says_which_people_are_made_up():
    assert text_of(DEMO).endswith("are made up.)")


def test_labels_are_claim_evidence_speculation():
    assert [(label["slug"], label["key"], label["line"]) for label in LABELS] == [
        ("claim", "c", "solid"),
        ("evidence", "e", "double"),
        ("speculation", "s", "dashed"),
    ]
    assert [label["order"] for label in LABELS] == [1, 2, 3]
    assert len({label["colour"] for label in LABELS}) == 3


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label["slug"])
def test_label_can_be_read(label):
    assert 80 <= len(label["guideline"].split()) <= 150
    colour = label["colour"]
    assert re.fullmatch(r"#[0-9a-f]{6}", colour)
    assert contrast(colour, "#fdfcf9") >= 4.5
    lighter = "#" + "".join(
        f"{(int(colour[at : at + 2], 16) + 255) // 2:02x}" for at in (1, 3, 5)
    )
    assert contrast(lighter, "#16181b") >= 4.5


@pytest.mark.parametrize(
    "sample", SAMPLES["annotations"], ids=lambda sample: sample["exact"][:30]
)
def test_sample_tag_is_found_once(sample):
    fields = ["file", "reviewer", "label", "exact", "prefix", "note", "confidence"]
    assert list(sample) == fields
    assert sample["file"] in FILES
    assert sample["reviewer"] in {"ana", "ben"}
    assert sample["label"] in {label["slug"] for label in LABELS}
    assert sample["confidence"] in {None, 1, 2, 3, 4, 5}
    assert sample["exact"] == sample["exact"].strip()
    assert sample["exact"]
    assert len(sample["prefix"]) <= 32
    text, quoted = text_of(sample["file"]), sample["prefix"] + sample["exact"]
    assert text.find(quoted) >= 0
    assert text.find(quoted, text.find(quoted) + 1) == -1


def test_no_sample_tag_is_there_twice():
    seen = [
        (tag["file"], tag["reviewer"], tag["label"], tag["prefix"], tag["exact"])
        for tag in SAMPLES["annotations"]
    ]
    assert len(seen) == len(set(seen))


def passage(sample) -> tuple[int, int]:
    """Code points from the start of the article's text."""
    prefix = sample.get("prefix", "")
    start = text_of(sample["file"]).index(prefix + sample["exact"]) + len(prefix)
    return start, start + len(sample["exact"])


def test_readings_are_whole_sentences_without_the_readers_tags():
    for reading in SAMPLES["readings"]:
        assert list(reading) == ["file", "reviewer", "exact"]
        assert body_sentences(reading["file"]).count(reading["exact"]) == 1
        start, end = passage(reading)
        for tag in SAMPLES["annotations"]:
            if (tag["file"], tag["reviewer"]) == (reading["file"], reading["reviewer"]):
                first, last = passage(tag)
                assert last <= start or end <= first, (reading["exact"], tag["exact"])


def test_sample_tags_overlap_nest_and_cross_a_paragraph():
    demo = [tag for tag in SAMPLES["annotations"] if tag["file"] == DEMO]
    spans = [passage(tag) for tag in demo]
    assert any(a < c < b < d for a, b in spans for c, d in spans), "overlap"
    assert any(a < c and d < b for a, b in spans for c, d in spans), "nesting"
    assert any("\n\n" in tag["exact"] for tag in demo)
    assert any(tag["note"] for tag in demo)


def test_demo_story_has_a_page_of_sentences():
    assert 22 <= len(body_sentences(DEMO)) <= 30


def test_demo_story_holds_what_makes_news_hard():
    text = text_of(DEMO)
    assert re.search(r"Jr\. (published|had) ", text)
    assert re.search(r"Jr\. [A-Z]", text)
    assert re.search(r"“[^”]*[.?!]’? [^”]*‘[^”]*’[^”]*”", text), "a quotation with one inside"
    for hard in ("Nov. 13, 2017", " — ", "R. J. Hale", "M. E. Okafor", "putintrump", "may "):
        assert hard in text


def test_jr_ends_a_sentence_and_stands_inside_one():
    sentences = body_sentences(DEMO)
    assert any(sentence.endswith(" Jr.") for sentence in sentences)
    assert any(" Jr. published " in sentence for sentence in sentences)


def test_post_holds_emoji_combining_marks_and_right_to_left_text():
    text = text_of(POST)
    for hard in (
        "👨\u200d👩\u200d👧\u200d👦",
        "👍🏿",
        "🇯🇵",
        "x\u0304",
        "#SquareForAll",
        "@baker_jo",
    ):
        assert hard in text
    assert any(unicodedata.bidirectional(ch) == "AL" for ch in text)
    covered = "".join(tag["exact"] for tag in SAMPLES["annotations"] if tag["file"] == POST)
    assert "\u200d" in covered
    assert any(unicodedata.bidirectional(ch) == "AL" for ch in covered)


def test_long_story_is_long():
    sentences = body_sentences(LONG)
    assert len(sentences) > 200
    assert len(set(sentences)) == len(sentences)
