"""Putting a story in by page: paste or choose, check, save."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from annotate.articles.models import Article
from tests.articles.race import run_until_all_write
from tests.factories import BODY, TITLE, make_article

pytestmark = pytest.mark.django_db

URL = "/articles/new/"
TEXT = "One is here. Two is here. Three is here.\n\nFour is here. Five is here."
TWO, THREE, FOUR, FIVE = (TEXT.index(word) for word in ("Two", "Three", "Four", "Five"))
STORY = {"title": "A headline", "text": TEXT}


def shown(response) -> str:
    return html.unescape(response.content.decode())


def sentences(response) -> list[list[str]]:
    """Return the sentences on the page, a list for each paragraph."""
    page = response.content.decode()
    return [
        [html.unescape(text) for text in re.findall(r"data-start[^>]*>([^<]*)</span>", part)]
        for part in re.findall(r"<ol id=\"paragraph.*?</ol>", page, re.DOTALL)
    ]


def hidden(response, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())[1]


def field_error(response, name: str) -> str:
    """Return what stands in the list of errors that the field points to."""
    page = response.content.decode()
    found = re.search(rf'<ul class="errorlist" id="id_{name}_error"><li>(.*?)</li></ul>', page)
    assert found, page
    assert f'aria-describedby="id_{name}_error' in page or f" id_{name}_error" in page
    return html.unescape(found[1])


def upload(name: str, data: str | bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)


# --- Reading -------------------------------------------------------------------------------


def test_anonymous_people_are_asked_to_sign_in(client):
    assert client.get(URL).url == f"/accounts/sign-in/?next={URL}"
    sent = client.post(URL, STORY, headers={"Referer": f"http://testserver{URL}"})
    assert sent.status_code == 401
    assert f'href="/accounts/sign-in/?next={URL}"' in sent.text
    assert html.escape(STORY["text"]) in sent.text  # to be sent again
    assert not Article.objects.exists()


def test_the_page_has_a_text_and_a_file(as_ana):
    response = as_ana.get(URL)
    page = response.content.decode()
    assert "<h1>Put a story in</h1>" in page
    assert '<textarea name="text"' in page
    assert 'accept=".txt,.md,.html,.htm,.docx,.pdf"' in page
    assert 'enctype="multipart/form-data"' in page
    assert "HX-Request" in response["Vary"]


def test_htmx_gets_the_part_alone(as_ana):
    page = as_ana.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert page.strip().startswith('<div id="start"')
    page = as_ana.post(URL, {"text": TEXT}, headers={"HX-Request": "true"}).content.decode()
    assert page.strip().startswith('<form id="check"')


def test_a_pasted_text_is_shown_as_split(as_ana):
    response = as_ana.post(URL, {"text": f"A headline\n\n{TEXT}", "step": "read"})
    assert response.status_code == 200
    assert "<h1>Check the story</h1>" in shown(response)
    assert 'value="A headline"' in shown(response)
    assert sentences(response) == [
        ["One is here.", "Two is here.", "Three is here."],
        ["Four is here.", "Five is here."],
    ]
    assert "5 sentences in 2 paragraphs." in shown(response)
    assert 'start="4"' in shown(response)
    assert shown(response).count('name="join"') == 3
    assert not Article.objects.exists()


def test_a_title_typed_first_leaves_the_first_line_in_the_text(as_ana):
    response = as_ana.post(
        URL, {"title": "Mine", "text": f"A headline\n\n{TEXT}", "step": "read"}
    )
    assert 'value="Mine"' in shown(response)
    assert sentences(response)[0] == ["A headline"]


def test_a_file_is_read_whatever_the_step(as_ana):
    file = upload("a.md", f"---\nlang: de\n---\n\n# A headline\n\n{TEXT}")
    response = as_ana.post(URL, {"file": file, "text": "Pasted.", "step": "save", "title": ""})
    assert 'value="A headline"' in shown(response)
    assert "The file was read. The pasted text beside it was left out." in shown(response)
    assert not Article.objects.exists()


def test_what_the_reader_noted_stays_on_the_page(as_ana):
    file = upload("a.txt", "Größe\n\nÄrger über Größe.".encode("cp1252"))
    response = as_ana.post(URL, {"file": file})
    note = "Read as Windows-1252 (Western Europe): check the quotation marks"
    assert note in shown(response)
    again = as_ana.post(URL, {**STORY, "step": "check", "note": [hidden(response, "note")]})
    assert note in shown(again)


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({"text": " \n"}, "text", "Paste a text or choose a file."),
        (
            {"text": "a\nb\0"},
            "text",
            "Line 2: the text holds the control character NULL (U+0000) after “b”. "
            "Take it out, then try again.",
        ),
        (
            {"text": "ä" * 120},
            "text",
            "The story has 240 bytes of text; 200 is the most. Put it in as several stories.",
        ),
        (
            {"text": "Ab is. " * 7},
            "text",
            "The story has 7 sentences; 6 is the most. Put it in as several stories.",
        ),
        ({"file": ("a.txt", "")}, "file", "The file is empty. Choose a file with text."),
        (
            {"file": ("a.exe", "x")},
            "file",
            "Files ending in .txt, .md, .html, .htm, .docx and .pdf can be read, not .exe. "
            "Save it as one of these, or paste the text.",
        ),
        (
            {"file": ("a.txt", "x" * 301)},
            "file",
            "The file is larger than 300 bytes, the most that is read. "
            "Put in the text alone, or as several stories.",
        ),
        (
            {"text": "Kept.", "title": "x" * 501},
            "title",
            "The headline may have 500 characters at most.",
        ),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(as_ana, settings, sent, field, message):
    settings.STORY_FILE_MAX_BYTES, settings.STORY_MAX_BYTES = 300, 200
    settings.STORY_MAX_SENTENCES = 6
    sent = {"text": "Kept as it was.", **sent}
    if "file" in sent:
        sent["file"] = upload(*sent["file"])
    if not sent["text"].strip():
        del sent["text"]
    response = as_ana.post(URL, {**sent, "step": "read"})
    assert response.status_code == 422
    assert field_error(response, field) == message
    assert "<h1>Put a story in</h1>" in shown(response)
    if field != "text":
        assert sent["text"] in shown(response)


def test_a_form_too_large_to_be_read_is_answered_in_words(as_ana, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    for content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        body = "text=" + "x" * 2_000
        if content_type.startswith("multipart"):
            response = as_ana.post(URL, {"text": "x" * 2_000})
        else:
            response = as_ana.post(URL, body, content_type=content_type)
        assert response.status_code == 422
        assert field_error(response, "text") == (
            "This is more than can be sent at once. Put it in as several stories, or as a file."
        )


def test_a_form_without_a_token_is_refused(ana):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    assert client.post(URL, STORY).status_code == 403
    client.get(URL)
    token = client.cookies["csrftoken"].value
    assert client.post(URL, {**STORY, "csrfmiddlewaretoken": token}).status_code == 303


# --- Joining and cutting -------------------------------------------------------------------


def check(client, response=None, htmx=False, **sent):
    """Send the form as it stands on the page in `response`, with one more button."""
    marks = {
        name: hidden(response, name) if response else "" for name in ("split", "joins", "cuts")
    }
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(URL, {**STORY, **marks, **sent}, headers=headers)


def test_joining_and_taking_it_back(as_ana):
    first = check(as_ana, step="check")
    joined = check(as_ana, first, join=TWO)
    assert sentences(joined)[0] == ["One is here. Two is here.", "Three is here."]
    assert "4 sentences in 2 paragraphs. Sentences 1 and 2 are one now." in shown(joined)
    assert hidden(joined, "joins") == str(TWO)
    back = check(as_ana, joined, cut=TWO)
    assert sentences(back) == sentences(first)
    assert "Sentence 1 was cut in two: 1 and 2." in shown(back)
    assert (hidden(back, "joins"), hidden(back, "cuts")) == ("", str(TWO))


def test_cutting_and_taking_it_back(as_ana):
    first = check(as_ana, step="check")
    cut = check(as_ana, first, cut=FIVE + 5)
    assert sentences(cut)[1] == ["Four is here.", "Five", "is here."]
    assert "6 sentences in 2 paragraphs. Sentence 5 was cut in two: 5 and 6." in shown(cut)
    assert hidden(cut, "cuts") == str(FIVE + 5)
    assert f'tabindex="-1" autofocus><span data-start="{FIVE + 5}"' in shown(cut)
    assert sentences(check(as_ana, cut, join=FIVE + 5)) == sentences(first)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"join": 0}, "There is nothing to join here."),
        ({"join": FOUR}, "There is nothing to join here."),
        ({"join": TWO + 1}, "There is nothing to join here."),
        ({"cut": TWO}, "There is nothing to cut here."),
        ({"cut": TWO - 1}, "There is nothing to cut here."),
        ({"cut": len(TEXT)}, "There is no sentence at this place."),
        ({"cut": "-1"}, "There is no sentence at this place."),
        ({"join": "٣"}, "There is no sentence at this place."),
        ({"cutting": "9" * 5000}, "There is no sentence at this place."),
    ],
)
def test_a_place_where_nothing_can_be_done(as_ana, sent, said):
    first = check(as_ana, step="check")
    response = check(as_ana, first, **sent)
    assert response.status_code == 200
    assert said in shown(response)
    assert sentences(response) == sentences(first)
    assert (hidden(response, "joins"), hidden(response, "cuts")) == ("", "")


def test_without_javascript_the_words_of_a_sentence_are_buttons(as_ana):
    first = check(as_ana, step="check")
    response = check(as_ana, first, cutting=TWO)
    words = re.findall(r'name="cut" value="(\d+)"[^>]*>([^<]*)<', shown(response))
    assert words == [(str(TWO + 4), "is "), (str(TWO + 7), "here.")]
    assert f'name="whole" value="{TWO}"' in shown(response)
    whole = check(as_ana, response, whole=TWO)
    assert sentences(whole) == sentences(first)
    assert 'name="cut"' not in shown(whole)


def test_htmx_gets_one_paragraph_and_what_follows_from_it(as_ana):
    first = check(as_ana, step="check")
    response = check(as_ana, first, htmx=True, join=FIVE)
    page = shown(response).strip()
    assert page.startswith('<ol id="paragraph-2" start="4">')
    assert page.count("<ol") == 1
    assert '<p id="count" hx-swap-oob="innerHTML">4 sentences in 2 paragraphs. ' in page
    assert hidden(response, "joins") == str(FIVE)
    assert "HX-Retarget" not in response


def test_a_changed_text_is_split_again_and_says_so(as_ana):
    first = check(as_ana, step="check")
    joined = check(as_ana, first, join=TWO)
    for htmx in (False, True):
        response = check(as_ana, joined, htmx=htmx, join=THREE, text=TEXT + " Six is here.")
        assert len(sentences(response)[0]) == 3
        assert (
            "The text was changed, so it was split again. Your 1 join or cut "
            "in the text as it was before had to be dropped: check the sentences."
        ) in shown(response)
        assert hidden(response, "joins") == ""
        assert response.get("HX-Retarget") == ("#check" if htmx else None)
    unmarked = check(as_ana, first, step="check", text="New.")
    assert "1 sentence in 1 paragraph. The text was changed, so it was split again." in shown(
        unmarked
    )


def test_line_ends_of_a_browser_change_no_text(as_ana):
    first = check(as_ana, step="check")
    joined = check(as_ana, first, join=FIVE, text=TEXT.replace("\n", "\r\n"))
    assert sentences(joined)[1] == ["Four is here. Five is here."]


def test_fields_are_kept_and_not_yet_judged(as_ana):
    response = check(as_ana, None, join=TWO, title="", published="soon", url="nowhere")
    assert response.status_code == 200
    assert 'value="soon"' in shown(response)
    assert 'value="nowhere"' in shown(response)
    assert "errorlist" not in shown(response)


def test_a_long_story_is_shown_in_few_bytes(as_ana, settings):
    text = "\n\n".join(["Ab is. " * 20] * 50)
    response = as_ana.post(URL, {"title": "T", "text": text, "step": "check"})
    assert "1000 sentences in 50 paragraphs." in shown(response)
    assert len(response.content) < 300 * 1000


# --- Saving --------------------------------------------------------------------------------


def test_saving_opens_the_story(as_ana, ana):
    response = check(
        as_ana,
        None,
        step="save",
        outlet="Post",
        byline="Jo Doe",
        url="https://example.org/a",
        published="2017-11-14",
        language="en-GB",
        joins=str(TWO),
        cuts=f"{FIVE + 5}",
    )
    article = Article.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/articles/{article.pk}/"
    assert article.text == f"A headline\n\n{TEXT}"
    assert (article.outlet, article.byline) == ("Post", "Jo Doe")
    assert (article.url, str(article.published)) == ("https://example.org/a", "2017-11-14")
    assert (article.language, article.status) == ("en-GB", "open")
    assert article.submitted_by == ana
    rows = article.sentences.exclude(position=0)
    assert [article.text[row.start : row.end] for row in rows] == [
        *["One is here. Two is here.", "Three is here."],
        *["Four is here.", "Five", "is here."],
    ]


def test_saving_as_draft(as_ana, ben):
    response = check(as_ana, None, step="draft")
    article = Article.objects.get()
    assert response.status_code == 303
    assert article.status == "draft"
    assert not Article.objects.visible_to(ben).exists()


def test_a_program_saves_without_a_step(as_ana):
    response = as_ana.post(URL, STORY)
    article = Article.objects.get()
    assert response.status_code == 303
    assert (article.status, article.language) == ("open", "en")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", " ", "The story has no headline. Write one."),
        ("title", "x" * 501, "The headline may have 500 characters at most."),
        # Normalised, each of these is two.
        ("title", "\u0958" * 300, "The headline may have 500 characters at most."),
        (
            "title",
            "a\x07",
            "Line 1: the text holds the control character ALERT (U+0007) after “a”. "
            "Take it out, then try again.",
        ),
        ("outlet", "x" * 201, "Ensure this value has at most 200 characters (it has 201)."),
        (
            "url",
            "javascript:alert(1)",
            "Write a web address that begins with http:// or https://.",
        ),
        (
            "url",
            "ftp://example.org/",
            "Write a web address that begins with http:// or https://.",
        ),
        ("published", "14/11/2017", "Write the date as year-month-day: 2017-11-14."),
        (
            "language",
            "<b>",
            "“<b>” is not a language tag. Write one such as en, pt-BR or zh-Hant.",
        ),
        ("text", "", "The story has no text. Put its text in."),
        ("text", " \n ", "The story has no text. Paste it or choose a file."),
        (
            "text",
            "a\x0cb",
            "Line 1: the text holds the control character FORM FEED (U+000C) after “a”. "
            "Take it out, then try again.",
        ),
        (
            "text",
            "ä" * 150,
            "The story has 300 bytes of text; 200 is the most. Put it in as several stories.",
        ),
        (
            "text",
            "Ab is. " * 7,
            "The story has 7 sentences; 6 is the most. Put it in as several stories.",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(as_ana, settings, field, value, message):
    settings.STORY_MAX_BYTES, settings.STORY_MAX_SENTENCES = 200, 6
    for step in ({"step": "save"}, {}):
        sent = {"title": "Kept", "text": TEXT, "byline": "Kept too", field: value, **step}
        response = as_ana.post(URL, sent)
        assert response.status_code == 422
        assert field_error(response, field) == message
        assert 'value="Kept too"' in shown(response)
    assert not Article.objects.exists()


def test_marks_that_are_no_numbers_are_said(as_ana):
    response = as_ana.post(URL, {**STORY, "joins": "x", "step": "save"})
    assert response.status_code == 422
    assert "Joins and cuts are numbers with spaces between them." in shown(response)


def test_saving_a_changed_text_asks_to_check_when_marks_are_lost(as_ana):
    first = check(as_ana, step="check")
    joined = check(as_ana, first, join=TWO)
    response = check(as_ana, joined, step="save", text=TEXT + " Six.")
    assert response.status_code == 422
    assert (
        "<p>The story is not saved yet. The text was changed, so it was split again. "
        "Your 1 join or cut"
    ) in shown(response)
    saved = check(as_ana, response, step="save", text=TEXT + " Six.")
    assert saved.status_code == 303


def test_the_same_text_again_offers_the_standing_article(as_ana):
    article = make_article()
    response = as_ana.post(URL, {"title": TITLE, "text": BODY, "byline": "Kept"})
    assert response.status_code == 409
    assert (
        f'This text already stands as <a href="/articles/{article.pk}/">{TITLE}</a>. '
        "Nothing was saved."
    ) in shown(response)
    assert 'value="Kept"' in shown(response)
    assert BODY in shown(response)


def test_a_draft_of_somebody_else_is_not_named(as_ana, ben):
    make_article(status="draft", submitted_by=ben)
    response = as_ana.post(URL, {"title": TITLE, "text": BODY})
    assert response.status_code == 409
    assert (
        "This text already stands as a draft of somebody else. Nothing was saved."
    ) in shown(response)
    assert "/articles/1" not in shown(response)


@pytest.mark.django_db(transaction=True)
def test_two_people_saving_the_same_text_at_once(ana, ben):
    """One saves it, the other is shown it: the constraint decides, and nobody sees a 500."""
    responses = {}

    def save(person):
        client = Client()
        client.force_login(person)
        responses[person] = client.post(URL, STORY)
        connection.close()

    run_until_all_write(lambda: save(ana), lambda: save(ben))
    article = Article.objects.get()
    saved, shown_it = sorted(responses.values(), key=lambda response: response.status_code)
    assert saved.status_code == 303
    assert shown_it.status_code == 409
    assert f'<a href="/articles/{article.pk}/">A headline</a>' in shown(shown_it)


@pytest.mark.parametrize("step", ["check", "save"])
def test_markup_and_template_syntax_are_text(as_ana, step):
    evil = '<script>alert(1)</script> </textarea>{{ csp_nonce }}{% url "x" %} & "q"'
    fields = dict.fromkeys(("title", "outlet", "byline", "url", "language", "text"), evil)
    response = as_ana.post(URL, {**fields, "note": evil, "step": step, "cutting": 3})
    page = response.content.decode()
    assert "<script>alert(1)" not in page
    assert page.count("</textarea>") == 1
    assert "{{ csp_nonce }}" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_costs_the_same_queries_for_any_story(as_ana, django_assert_num_queries):
    for count in (1, 300):
        with django_assert_num_queries(2):  # the session, the person
            as_ana.post(URL, {"title": "T", "text": "Ab is. " * count, "step": "check"})
