"""Labels, tags, readings and the log in the admin; tags are hidden and shown again."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.accounts.models import User
from annotate.annotations import actions
from annotate.annotations.models import Annotation, Change, Label

pytestmark = pytest.mark.django_db

ANNOTATIONS = "/admin/annotations/annotation/"
LABELS = "/admin/annotations/label/"
CHANGES = "/admin/annotations/change/"
READINGS = "/admin/annotations/reading/"
HOSTILE = "<script>alert(1)</script> {{ 1|add:1 }} \u202eevil"


@pytest.fixture
def tag(article, ana, claim):
    return actions.annotate(
        article=article, reviewer=ana, label=claim, start=27, end=75, note=HOSTILE
    ).annotation


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


@pytest.fixture
def as_ada(client, ada):
    client.force_login(ada)
    return client


def press(client, tag: Annotation, action: str):
    return client.post(
        f"{ANNOTATIONS}{tag.pk}/change/",
        {"_selected_action": tag.pk, "CHANGE_FORM-action": action},
        follow=True,
    )


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


# --- Tags ---------------------------------------------------------------------------------


def test_a_button_hides_a_tag_and_shows_it_again(as_mo, mo, tag):
    assert messages(press(as_mo, tag, "hide")) == ["1 tag is hidden."]
    assert Annotation.objects.get().hidden_at
    assert messages(press(as_mo, tag, "hide")) == ["Nothing changed."]
    assert messages(press(as_mo, tag, "show")) == ["1 tag is shown again."]
    assert Annotation.objects.get().hidden_at is None
    log = Change.objects.filter(by=mo).values_list("kind", flat=True)
    assert list(log) == ["hidden", "shown"]


def test_tags_are_hidden_from_the_list(as_mo, article, tag, ana, evidence):
    other = actions.annotate(
        article=article, reviewer=ana, label=evidence, start=27, end=75
    ).annotation
    sent = {"_selected_action": [tag.pk, other.pk], "action": "hide"}
    assert messages(as_mo.post(ANNOTATIONS, sent, follow=True)) == ["2 tags are hidden."]
    assert Annotation.objects.exclude(hidden_at=None).count() == 2


def test_a_tag_can_be_looked_at_and_not_changed(client, mo, ada, tag):
    for person in (mo, ada):
        client.force_login(person)
        page = client.get(f"{ANNOTATIONS}{tag.pk}/change/").content.decode()
        assert "View annotation" in page
        assert 'name="_save"' not in page
        sent = {"note": "changed", "start": 1}
        assert client.post(f"{ANNOTATIONS}{tag.pk}/change/", sent).status_code == 403
        assert client.get(f"{ANNOTATIONS}{tag.pk}/delete/").status_code == 403
    assert Annotation.objects.get().note == HOSTILE


def test_who_may_only_look_hides_nothing(client, ben, tag):
    ben.is_staff = True
    ben.save()
    ben.user_permissions.add(Permission.objects.get(codename="view_annotation"))
    client.force_login(ben)
    assert "Hide" not in client.get(f"{ANNOTATIONS}{tag.pk}/change/").content.decode()
    assert press(client, tag, "hide").status_code == 403
    client.post(ANNOTATIONS, {"_selected_action": tag.pk, "action": "hide"})
    assert Annotation.objects.get().hidden_at is None


def test_a_button_is_only_for_the_page_it_is_on(as_mo, article, tag, ana, evidence):
    other = actions.annotate(
        article=article, reviewer=ana, label=evidence, start=27, end=75
    ).annotation
    response = as_mo.post(
        f"{ANNOTATIONS}{tag.pk}/change/",
        {"_selected_action": other.pk, "CHANGE_FORM-action": "hide"},
    )
    assert response.status_code == 400
    assert not Annotation.objects.exclude(hidden_at=None).exists()


def test_tags_are_found_by_text_person_label_and_state(as_mo, article, tag, ben, evidence):
    other = actions.annotate(
        article=article, reviewer=ben, label=evidence, start=27, end=31
    ).annotation
    actions.withdraw(other, by=ben)
    press(as_mo, tag, "hide")

    def found(**query: object) -> list[int]:
        return [one.pk for one in as_mo.get(ANNOTATIONS, query).context["cl"].result_list]

    assert found() == [other.pk, tag.pk]
    assert found(q="monday") == [tag.pk]
    assert found(q="ben") == [other.pk]
    assert found(q="mayor says") == [other.pk, tag.pk]
    assert found(state="hidden") == [tag.pk]
    assert found(state="withdrawn") == [other.pk]
    assert found(state="shown") == []
    assert found(label__id__exact=evidence.pk) == [other.pk]


# --- Labels -------------------------------------------------------------------------------


def sent(label: Label, **changes: object) -> dict[str, object]:
    names = ("name", "slug", "colour", "line", "key", "order", "guideline")
    return {**{name: getattr(label, name) for name in names}, **changes}


def test_an_admin_adds_a_label(as_ada, claim):
    new = sent(claim, name="Doubt", slug="doubt", key="d", colour="#aa0000")
    as_ada.post(f"{LABELS}add/", new)
    assert Label.objects.get(slug="doubt").colour == "#aa0000"


def test_a_new_label_comes_last_unless_an_admin_says_otherwise(as_ada, claim):
    claim.order = 7
    claim.save()
    page = as_ada.get(f"{LABELS}add/").content.decode()
    assert '<input type="number" name="order" value="8"' in page


def test_a_slug_is_fixed_once_it_is_made(as_ada, claim):
    as_ada.post(f"{LABELS}{claim.pk}/change/", sent(claim, slug="other", name="Assertion"))
    claim.refresh_from_db()
    assert (claim.slug, claim.name) == ("claim", "Assertion")


def test_a_key_with_a_use_is_refused(as_ada, claim):
    response = as_ada.post(f"{LABELS}{claim.pk}/change/", sent(claim, key="j"))
    assert (
        "“j” has a use already: Go to the next sentence (also ↓). Choose another key."
        in response.content.decode()
    )


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "#123456;}"])
def test_a_wrong_colour_is_refused(as_ada, claim, colour):
    as_ada.post(f"{LABELS}{claim.pk}/change/", sent(claim, colour=colour))
    assert Label.objects.get(pk=claim.pk).colour == claim.colour


def test_a_moderator_looks_at_labels_only(as_mo, claim):
    assert as_mo.get(f"{LABELS}{claim.pk}/change/").status_code == 200
    assert as_mo.post(f"{LABELS}{claim.pk}/change/", sent(claim)).status_code == 403
    assert as_mo.get(f"{LABELS}add/").status_code == 403


def test_a_label_is_never_deleted(as_ada, claim):
    assert as_ada.get(f"{LABELS}{claim.pk}/delete/").status_code == 403


# --- Readings and the log -----------------------------------------------------------------


def test_the_log_says_what_was_before_and_after(as_mo, tag, ana):
    actions.edit(tag, by=ana, confidence=4)
    change = Change.objects.latest("pk")
    page = as_mo.get(f"{CHANGES}{change.pk}/change/").content.decode()
    assert (
        '<tr><th scope="row">confidence</th><td dir="auto">-</td><td dir="auto">4</td></tr>'
        in page
    )
    assert "Changed the confidence of Claim on sentence 1" in page
    assert as_mo.post(f"{CHANGES}{change.pk}/change/", {}).status_code == 403


def test_the_log_is_found_by_person_and_by_tag(as_mo, article, tag, ana, ben, sentence):
    actions.set_reading(sentence, by=ben)
    actions.undo(article, by=ana)

    def found(**query: object) -> list[str]:
        return [one.kind for one in as_mo.get(CHANGES, query).context["cl"].result_list]

    assert found() == ["undone", "read", "created"]
    assert found(q="ben") == ["read"]
    assert found(annotation__id__exact=tag.pk) == ["undone", "created"]
    assert found(kind__exact="undone") == ["undone"]


def test_a_reading_can_be_looked_at(as_mo, sentence, ben):
    actions.set_reading(sentence, by=ben)
    reading = sentence.readings.get()
    page = as_mo.get(f"{READINGS}{reading.pk}/change/").content.decode()
    assert "View reading" in page
    assert as_mo.post(f"{READINGS}{reading.pk}/change/", {}).status_code == 403
    assert [one.pk for one in as_mo.get(READINGS, {"q": "ben"}).context["cl"].result_list] == [
        reading.pk
    ]
    assert not as_mo.get(READINGS, {"state": "withdrawn"}).context["cl"].result_list


# --- All of them --------------------------------------------------------------------------


@pytest.mark.parametrize("address", [ANNOTATIONS, CHANGES, READINGS, LABELS])
def test_lists_cost_the_same_queries_for_more(
    as_mo, article, tag, ana, ben, claim, address, django_assert_num_queries
):
    first, *others = article.sentences.all()
    actions.set_reading(first, by=ana)
    with CaptureQueriesContext(connection) as few:
        as_mo.get(address)
    for sentence in others:
        actions.set_reading(sentence, by=ben)
        actions.annotate(
            article=article, reviewer=ben, label=claim, start=sentence.start, end=sentence.end
        )
    actions.undo(article, by=ben)
    with django_assert_num_queries(len(few)):
        as_mo.get(address)


@pytest.mark.parametrize(
    "page", [ANNOTATIONS, CHANGES, f"{ANNOTATIONS}tag", f"{CHANGES}change"]
)
def test_hostile_text_shows_as_text(as_mo, tag, ana, page):
    User.objects.filter(pk=ana.pk).update(public_name=HOSTILE)
    change = Change.objects.get()
    address = page.replace("/tag", f"/{tag.pk}/change/").replace(
        "/change/change", f"/change/{change.pk}/change/"
    )
    response = as_mo.get(address)
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 1|add:1 }}" in response.content.decode()
