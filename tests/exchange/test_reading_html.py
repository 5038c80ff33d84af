import datetime
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.exchange.reading import Story, StoryRefused, read_here

SENTENCE = "The minister said that taxes would fall next year, and few believed it. "


def page(body: str, head: str = "", attributes: str = ' lang="en-GB"') -> bytes:
    start = f"<!doctype html><html{attributes}><head>{head}</head>"
    return f"{start}<body>{body}</body></html>".encode()


def read(data: bytes | str) -> Story:
    return read_here("page.html", data.encode() if isinstance(data, str) else data)


HEAD = """<title>Minister quits | Daily Paper</title>
<meta property="og:site_name" content="Daily Paper"><meta name="author" content="Ana Ruiz">
<meta property="article:published_time" content="2017-11-14T10:00:00Z">
<link rel="canonical" href="https://example.org/minister">"""


def test_article_without_what_stands_around_it():
    found = read(
        page(
            '<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article>'
            f"<h1>Minister quits</h1><p>{SENTENCE}</p>"
            f"<h2>Sub head</h2><p>{SENTENCE}</p></article>"
            "<footer>Copyright 2023 Daily Paper</footer>",
            HEAD,
        )
    )
    assert found == Story(
        title="Minister quits",
        outlet="Daily Paper",
        byline="Ana Ruiz",
        url="https://example.org/minister",
        published=datetime.date(2017, 11, 14),
        language="en",
        body=f"{SENTENCE.strip()}\n\nSub head\n\n{SENTENCE.strip()}",
    )


def test_blocks_become_paragraphs():
    found = read(
        page(
            f"<article><h1>Head</h1><p>{SENTENCE}<br>Second\n  line.<br><br>After a gap.</p>"
            f"<ul><li>{SENTENCE}</li><li>Two</li></ul>"
            f"<blockquote><p>{SENTENCE}</p><p>Quote two.</p></blockquote>"
            f"<table><tr><th>Party</th><td>Seats</td></tr></table><p>{SENTENCE}</p></article>"
        )
    )
    one = SENTENCE.strip()
    assert found.body.split("\n\n") == [
        f"{one}\nSecond line.",
        "After a gap.",
        one,
        "Two",
        one,
        "Quote two.",
        "Party",
        "Seats",
        one,
    ]


def test_every_character_survives():
    odd = (
        "👩🏽‍🚀 a\u00a0b c\u00add שלום\u200f e\u0301\u202f! \u2066x\u2069 \u200b \u2009\ufeffz"
    )
    long = SENTENCE * 3
    for body in (
        f"<article><p>{long}</p><p>{odd}</p><p>{long}</p></article>",
        f"<div><div>{long}</div><div>{odd} {long}</div></div>",
        f"<div>{odd} {long}</div>",
        f"<p>{odd}",
    ):
        composed = odd.replace("e\u0301", "é")
        assert composed in read(page(body)).body


def test_markup_in_the_story_is_text():
    found = read(
        page(f"<article><p>{SENTENCE}&lt;script&gt;alert(1)&lt;/script&gt; 5 &lt; 6</p>")
    )
    assert found.body == f"{SENTENCE}<script>alert(1)</script> 5 < 6"


def test_visible_text_is_taken_where_there_is_no_article():
    found = read(page("<footer>Seen <b>and</b> read<script>var x</script><p>Too</p></footer>"))
    assert found.body == "Seen and read\n\nToo"


def test_short_story_keeps_its_lines():
    assert read(page('<div>One <b>two</b> <a href="/x">three</a> four.</div>')).body == (
        "One two three four."
    )


def test_heading_that_leads_the_story_is_its_headline():
    head = '<meta property="og:title" content="Why the minister quits">'
    found = read(page(f"<article><h1>Minister gone</h1><p>{SENTENCE * 4}</p></article>", head))
    assert found.title == "Minister gone"
    assert "gone" not in found.body


def test_repeated_paragraphs_stay():
    lines = [SENTENCE.strip() if n % 2 else f"{SENTENCE}{n}" for n in range(12)]
    found = read(page(f"<article>{''.join(f'<p>{line}</p>' for line in lines)}</article>"))
    assert found.body.split("\n\n") == lines


def test_scripts_styles_and_comments_are_no_text():
    found = read(page("<script>var x</script><style>p{}</style><!-- no --><span>Seen</span>"))
    assert found.body == "Seen"


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("windows-1252", "cp1252", "“café”"),
        ("iso-8859-1", "cp1252", "“café”"),
        ("shift_jis", "shift_jis", "大臣は辞任した"),
        ("iso-2022-jp", "iso2022_jp", "大臣は辞任した"),
        ("koi8-r", "koi8_r", "Министр ушёл"),
        ("windows-1252", "utf-8", "‘café’"),
        ("utf-16", "utf-16", "“café”"),
        ("rot13", "utf-8", "“café”"),
    ],
)
def test_encodings(declared, codec, text):
    data = f'<html><head><meta charset="{declared}"></head><body><p>{text}</p></body></html>'
    found = read(data.encode(codec))
    assert (found.body, found.notes) == (text, ())


def test_numeric_references_mean_what_browsers_show():
    assert read(page("<p>&#147;Taxes&#148; &#150; he said</p>")).body == "“Taxes” – he said"


def test_page_of_one_line_breaks_and_preformatted_text():
    assert read(page("<pre>a\nb\tc</pre>")).body == "a\nb c"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", "<footer>Copyright 2019. Today is 3 March 2021.</footer>"),
        ("", "<aside><time datetime=2016-01-05>5 January 2016</time> Another story</aside>"),
        ('<meta property="article:modified_time" content="2018-02-02T10:00:00Z">', ""),
        ('<meta name="copyright" content="2019-05-06">', ""),
        ("<title>The vote of 3 March 2021</title>", ""),
    ],
    ids=["footer", "other story", "modified", "copyright", "title"],
)
def test_date_is_never_made_up(head, body):
    assert read(page(f"<article><p>{SENTENCE * 4}</p></article>{body}", head)).published is None


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<meta name="date" content="2017-11-14">', ""),
        ('<meta itemprop="datePublished" content="2017-11-14T01:00:00+03:00">', ""),
        ("", '<time datetime="2017-11-14">Tuesday</time>'),
        ("", '<span itemprop="datePublished">14 November 2017</span>'),
        ('<script type="application/ld+json">{"datePublished": "2017-11-14"}</script>', ""),
        ('<link rel="canonical" href="https://example.org/2017/11/14/minister">', ""),
    ],
    ids=["meta", "itemprop", "time", "span", "JSON-LD", "address"],
)
def test_date_of_publication(head, body):
    found = read(page(f"<article>{body}<p>{SENTENCE * 4}</p></article>", head))
    assert found.published == datetime.date(2017, 11, 14)


@pytest.mark.parametrize(
    "author",
    [
        *["J. D. Vance", "Martin Luther King Jr.", "María José O'Neil, Jr.", "AP", "李明"],
        *["Jane Doe, Political Correspondent", "dpa/Reuters", "Staff", "Ana Ruiz & Jo Doe"],
    ],
)
def test_byline_is_what_the_page_says(author):
    data = json.dumps({"@type": "NewsArticle", "author": {"name": author}})
    for head in (
        f'<meta name="author" content="{author}">',
        f'<meta property="article:author" content="\n {author.replace(" ", "  ")} ">',
        f'<script type="application/ld+json">{data}</script><meta name="author" content="Web">',
    ):
        assert read(page(f"<article><p>{SENTENCE}</p></article>", head)).byline == author


def json_ld(*scripts: str) -> str:
    return "".join(f'<script type="application/ld+json">{each}</script>' for each in scripts)


PEOPLE = '{"@type": "Person", "name": "R. J. Hale Jr."}, {"@type": "Person", "name": "Li Ming"}'


@pytest.mark.parametrize(
    ("scripts", "byline"),
    [
        ([f'{{"@type": "NewsArticle", "author": [{PEOPLE}]}}'], "R. J. Hale Jr., Li Ming"),
        (['{"@type": "Article", "author": "R. J. Hale Jr."}'], "R. J. Hale Jr."),
        (['{"@type": ["X", "BlogPosting"], "author": ["A. B.", "A. B."]}'], "A. B."),
        (
            ['[1, {"@type": "NewsArticle", "author": {"name": ["A. B.", "C. D."]}}]'],
            "A. B., C. D.",
        ),
        (['{"@type": "Report", "author": {"name": "By Ana O&#39;Neil"}}'], "Ana O'Neil"),
        (["{]", '{"@type": "Article", "author": "A. B."}'], "A. B."),
        (
            [
                '{"@graph": [{"@type": "WebPage", "author": "No"}, {"@type": "Article", '
                '"author": {"@id": "#1"}}, {"@type": "Person", "@id": "#1", "name": "A. B."}]}'
            ],
            "A. B.",
        ),
        (['{"@type": "Article", "author": {"name": "Daily Paper"}}'], "Ana Ruiz"),
        (['{"@type": "Article", "author": "https://example.org/ana"}'], "Ana Ruiz"),
        (['{"@type": "Article", "author": {"name": "admin"}}'], "Ana Ruiz"),
        (['{"@type": "Comment", "author": "No"}'], "Ana Ruiz"),
    ],
)
def test_byline_from_json_ld(scripts, byline):
    found = read(page(f"<article><p>{SENTENCE}</p></article>", HEAD + json_ld(*scripts)))
    assert found.byline == byline


def test_authors_in_metadata():
    head = (
        '<meta property="article:author" content="https://example.org/ana">'
        '<meta name="Author" content="Ana Ruiz"><meta name="author" content="J. D. Vance">'
    )
    assert read(page(f"<p>{SENTENCE}</p>", head)).byline == "Ana Ruiz, J. D. Vance"
    head = '<meta property="og:site_name" content="AP"><meta name="author" content="AP">'
    assert read(page(f"<p>{SENTENCE}</p>", head)).byline == "AP"


ANY_JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["Article", "#1", "Ana\ud800", "<b>"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@type", "@id", "@graph", "author", "name"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(ANY_JSON, ANY_JSON)
@settings(deadline=None)
def test_no_json_ld_does_harm(author, graph):
    things = [{"@type": "Article", "author": author}, {"@graph": graph}, graph]
    scripts = [json.dumps(thing).replace("<", "\\u003c") for thing in things]
    for head in (json_ld(json.dumps(things)), json_ld(*scripts)):
        found = read(page(f"<article><p>{SENTENCE}</p></article>", head))
        assert found.body == SENTENCE.strip()


@pytest.mark.parametrize(
    "script", ["", "[" * 100_000, '{"a":' * 5_000, "9" * 5_000, '{"author": NaN}', "{}{}"]
)
def test_damaged_json_ld_does_no_harm(script):
    found = read(page(f"<article><p>{SENTENCE}</p></article>", HEAD + json_ld(script)))
    assert (found.byline, found.body) == ("Ana Ruiz", SENTENCE.strip())


def test_headline_comes_from_the_title_where_no_heading_leads():
    found = read(page(f"<article><p>{SENTENCE}</p></article>", HEAD))
    assert found.title == "Minister quits"
    assert found.body == SENTENCE.strip()


def test_headline_alone_is_refused():
    with pytest.raises(StoryRefused) as refusal:
        read(page("<h1>Minister quits</h1>"))
    assert str(refusal.value) == (
        "There is a headline but no text under it. Put the text in, too."
    )


def test_address_that_is_no_web_address_is_left_out():
    head = '<link rel="canonical" href="javascript:alert(1)">'
    assert read(page(f"<p>{SENTENCE}</p>", head)).url == ""


def test_little_found_in_a_page_of_much_is_told():
    found = read(
        page(f"<article><p>{SENTENCE}</p></article><footer><p>{SENTENCE * 20}</p></footer>")
    )
    assert len(found.body) < 250
    assert found.notes == (
        "Little of this page was taken as the story: check that nothing is missing.",
    )


@pytest.mark.parametrize("data", ["<html></html>", "<img src=x>", "<!-- -->", "<p>&nbsp;</p>"])
def test_page_without_text(data):
    with pytest.raises(StoryRefused) as refusal:
        read(data)
    assert str(refusal.value) == (
        "There is no text in this page. Save the page again, or paste its text."
    )


def test_control_character_is_refused_by_name():
    with pytest.raises(StoryRefused, match=r"^Line 2: .* ESCAPE \(U\+001B\)"):
        read("<p>a\n\x1b")


@pytest.mark.parametrize("tag", ["div", "span", "table><tr><td", "ul><li"])
def test_deep_nesting_is_refused(tag):
    with pytest.raises(StoryRefused) as refusal:
        read(f"<html><body>{f'<{tag}>' * 100_000}text")
    assert str(refusal.value) == (
        "The page's elements are nested too deeply to be read. Paste its text instead."
    )


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One&#12;two</p>&#12;<p>Three</p>", "One two\n\nThree"),
        ("<p>One</p>&#11;<p>Two &#xffff;</p>", "One\n\nTwo \uffff"),
    ],
)
def test_characters_that_only_a_reference_can_put_into_a_page(markup, text):
    assert read(markup).body == text


@pytest.mark.parametrize("space", ["<p>One<b>two</b>&#28;</p>", "<p>Onetwo&#28;three"])
def test_control_characters_by_reference_are_refused_in_words(space):
    with pytest.raises(StoryRefused) as refusal:
        read(space)
    assert str(refusal.value) == (
        "Line 1: the text holds the control character INFORMATION SEPARATOR FOUR (U+001C) "
        "after “Onetwo”. Take it out, then try again."
    )


def test_too_many_elements_are_refused():
    with pytest.raises(StoryRefused) as refusal:
        read("<html><body>" + "<p>a" * 50_000)
    assert str(refusal.value) == (
        "The page has 50,002 elements; 50,000 is the most. Paste the story's text instead."
    )


def test_nothing_is_fetched(monkeypatch):
    def refuse(*arguments, **more):
        raise AssertionError("a reader opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    doctype = '<!DOCTYPE html SYSTEM "http://127.0.0.1:9/x.dtd">'
    found = read(
        doctype
        + f'<base href="http://127.0.0.1:9/"><img src="/a.png">{SENTENCE}<iframe src="/x">'
    )
    assert SENTENCE.strip() in found.body
