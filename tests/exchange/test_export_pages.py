"""Exporting and importing by page: who may, the bytes of the commands, errors in words."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.annotations import actions
from annotate.articles.actions import set_status
from annotate.articles.models import Article
from annotate.exchange import formats
from tests.factories import make_article

pytestmark = pytest.mark.django_db


@pytest.fixture
def tagged(article, ana, ben, claim):
    for person in (ana, ben):
        actions.annotate(article=article, reviewer=person, label=claim, start=27, end=75)
        actions.set_reading(article.sentences.get(position=2), by=person)
    return article


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def upload(data: bytes) -> dict:
    return {"file": SimpleUploadedFile("story.jsonl", data)}


@pytest.mark.parametrize("name", formats.FORMATS)
def test_a_moderator_downloads_what_the_command_writes(client, mo, tagged, name, tmp_path):
    client.force_login(mo)
    response = client.get(f"/articles/{tagged.pk}/export/{name}/")
    file = tmp_path / "out"
    call_command("export_article", tagged.pk, "--format", name, "--output", str(file))
    assert content(response) == file.read_bytes()
    assert response["Content-Disposition"] == (
        f'attachment; filename="mayor-says-taxes-may-fall.{name}"'
    )
    assert response["Content-Type"] == formats.FORMATS[name].media_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", formats.FORMATS)
def test_a_reviewer_downloads_their_own(as_ana, ana, tagged, name):
    data = content(as_ana.get(f"/articles/{tagged.pk}/export/{name}/"))
    assert b"ana" in data
    assert b"ben" not in data


def test_a_draft_of_somebody_else_is_not_there(as_ana, mo, client):
    draft = make_article("Draft", "Of mine.", status="draft", submitted_by=mo)
    assert as_ana.get(f"/articles/{draft.pk}/export/jsonl/").status_code == 404
    client.force_login(mo)
    assert client.get(f"/articles/{draft.pk}/export/jsonl/").status_code == 200


def test_an_archived_article_can_be_exported(as_ana, tagged):
    set_status(tagged, "archived")
    assert as_ana.get(f"/articles/{tagged.pk}/export/csv/").status_code == 200


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Мэр: налоги снизятся?", "filename*=utf-8''%D0%BC%D1%8D%D1%80-%D0%BD"),
        ('../../etc/"passwd"\u202egnp.exe', 'filename="etcpasswdgnpexe.csv"'),
        ("शीर्षक: नया", f"filename*=utf-8''{quote('शीर्षक-नया')}.csv"),
        ("👍\ufe0f Yes \u0301no", 'filename="yes-no.csv"'),
        ("？！", 'filename="article-{pk}.csv"'),
        ("a" * 300, 'filename="' + "a" * 80 + '.csv"'),
    ],
)
def test_the_file_name_is_safe(as_ana, title, name, labels):
    article = make_article(title, "A body.")
    header = as_ana.get(f"/articles/{article.pk}/export/csv/")["Content-Disposition"]
    assert header.startswith("attachment; " + name.format(pk=article.pk))


def test_an_unknown_format_names_those_there_are(as_ana, article):
    response = as_ana.get(f"/articles/{article.pk}/export/pdf/")
    assert response.status_code == 404
    assert "There is no format “pdf”. There are csv and jsonl." in response.content.decode()


def test_posting_to_an_export_is_not_allowed(as_ana, article):
    assert as_ana.post(f"/articles/{article.pk}/export/csv/").status_code == 405


def test_nobody_exports_without_signing_in(client, article):
    response = client.get(f"/articles/{article.pk}/export/csv/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/sign-in/?next=")


@pytest.mark.parametrize("name", formats.FORMATS)
def test_an_export_costs_the_same_queries_for_more_tags(client, mo, ana, claim, tagged, name):
    client.force_login(mo)
    with CaptureQueriesContext(connection) as few:
        content(client.get(f"/articles/{tagged.pk}/export/{name}/"))
    for start in range(30):
        actions.annotate(article=tagged, reviewer=ana, label=claim, start=start, end=90)
    with CaptureQueriesContext(connection) as many:
        content(client.get(f"/articles/{tagged.pk}/export/{name}/"))
    assert len(few) == len(many)


# --- Import -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_reviewer_may_not_import(as_ana, method):
    response = getattr(as_ana, method)("/articles/import/")
    assert response.status_code == 403
    assert "Only moderators and admins may import an export." in response.content.decode()


def test_the_import_page_is_whole_and_a_partial_with_htmx(client, mo):
    client.force_login(mo)
    whole = client.get("/articles/import/")
    assert whole.content.decode().count("<h1>") == 1
    assert "HX-Request" in whole["Vary"]
    part = client.get("/articles/import/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()


def test_a_moderator_imports_an_export(client, mo, tagged):
    data = b"".join(formats.find("jsonl").encode(tagged, None))
    set_status(tagged, "archived")
    client.force_login(mo)
    response = client.post("/articles/import/", upload(data))
    article = Article.objects.get(status="open")
    assert response.status_code == 303
    assert response["Location"] == f"/articles/{article.pk}/"
    assert article.submitted_by == mo
    page = client.get("/articles/import/").content.decode()
    assert "Imported “Mayor says taxes may fall”: 6 sentences, 2 tags, 2 readings." in page


def test_a_wrong_line_is_told_beside_the_field(client, mo):
    client.force_login(mo)
    response = client.post("/articles/import/", upload(b'{"type": "<b>"}\n'))
    assert response.status_code == 422
    assert (
        "Line 1: expected “type” to be one of article, label, annotation, reading, round, "
        "thread, comment, got “&lt;b&gt;”. Nothing was imported."
    ) in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [({}, "Choose a file."), (upload(b""), "The file is empty. Nothing was imported.")],
)
def test_no_file_is_told(client, mo, fields, message):
    client.force_login(mo)
    response = client.post("/articles/import/", fields)
    assert response.status_code == 422
    assert message in response.content.decode()


def test_a_text_that_stands_is_offered(client, mo, tagged):
    client.force_login(mo)
    data = b"".join(formats.find("jsonl").encode(tagged, None))
    page = client.post("/articles/import/", upload(data))
    assert page.status_code == 422
    assert (
        f"This text already stands as article {tagged.pk}, “{tagged.title}”. "
        "Nothing was imported."
    ) in page.content.decode()
    assert f'<a href="/articles/{tagged.pk}/">' in page.content.decode()
