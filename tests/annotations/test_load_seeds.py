"""`load_seeds`: the demo of a new site, once, all of it or nothing."""

import json
import stat

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from annotate.accounts.models import User
from annotate.annotations.management.commands import load_seeds as command
from annotate.annotations.models import Annotation, Change, Label, Reading
from annotate.articles.models import Article
from annotate.moderation.models import Case
from annotate.reviews.models import Round
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    return settings.DATA_DIR


def counts() -> list[int]:
    return [model.objects.count() for model in (User, Article, Annotation, Reading, Change)]


def people() -> dict[str, tuple[str, str]]:
    lines = command.sign_in_file().read_text().splitlines()
    return {name: (password, role) for name, password, role in map(str.split, lines)}


def test_empty_database_gets_stories_tags_and_people(home, labels, capsys):
    call_command("load_seeds")

    stories = json.loads((command.settings.BASE_DIR / "seeds/stories.json").read_text())
    samples = json.loads((command.settings.BASE_DIR / "seeds/annotations.json").read_text())
    assert Article.objects.count() == len(stories)
    waiting = Annotation.objects.filter(pending=True)
    assert waiting.count() == 1
    assert Annotation.objects.exclude(pk__in=waiting).count() == len(samples["annotations"])
    assert Reading.objects.count() == len(samples["readings"])
    assert Change.objects.filter(kind="created").count() == Annotation.objects.count()
    assert capsys.readouterr().out == (
        f"Loaded the seeds. The passwords are in {command.sign_in_file()}.\n"
    )


def test_one_story_shows_a_review_that_is_revealed_and_discussed(home, labels):
    call_command("load_seeds", verbosity=0)
    round = Round.objects.get()
    assert (round.state, round.article.status) == ("revealed", "open")
    assert round.assignments.exclude(submitted_at=None).count() == 2
    thread = round.article.threads.get()
    assert thread.exact in round.article.text
    assert [one.author.username for one in thread.comments.all()] == ["ana", "ben"]
    assert list(thread.comments.first().mentions.values_list("username", flat=True)) == ["ben"]


def test_a_moderator_has_something_to_decide(home, labels):
    call_command("load_seeds", verbosity=0)
    mo = User.objects.get(username="mo")
    found = Case.objects.decidable_by(mo).open()
    assert sorted((one.kind, one.waits, one.reasons) for one in found) == [
        ("comment", False, ["other"]),
        ("tag", False, ["wrong_passage"]),
        ("tag", True, []),
    ]


def test_every_sample_stands_on_its_own_words(home, labels):
    call_command("load_seeds", verbosity=0)
    for tag in Annotation.objects.select_related("article"):
        assert tag.article.text[tag.start : tag.end] == tag.exact


def test_people_can_sign_in_and_their_passwords_are_private(home, labels):
    call_command("load_seeds", verbosity=0)

    written = people()
    assert {name: role for name, (_, role) in written.items()} == {
        "ana": "reviewer",
        "ben": "reviewer",
        "mo": "moderator",
        "ada": "admin",
    }
    assert stat.S_IMODE(command.sign_in_file().stat().st_mode) == 0o600
    for name, (password, role) in written.items():
        person = authenticate(username=name, password=password)
        assert person
        assert person.roles == {role}


def test_second_run_changes_nothing(home, labels):
    call_command("load_seeds", verbosity=0)
    before, file = counts(), command.sign_in_file().read_text()

    call_command("load_seeds", verbosity=0)

    assert counts() == before
    assert command.sign_in_file().read_text() == file


def test_database_with_a_story_stays_as_it_is(home, article):
    call_command("load_seeds", verbosity=0)
    assert counts() == [0, 1, 0, 0, 0]
    assert not home.exists()


def test_person_of_that_name_stays_as_they_are(home, labels):
    make_user("ana", "moderator")

    call_command("load_seeds", verbosity=0)

    assert set(people()) == {"ben", "mo", "ada"}
    ana = authenticate(username="ana", password=PASSWORD)
    assert ana
    assert ana.roles == {"moderator"}
    assert Annotation.objects.filter(reviewer=ana).exists()


def test_passwords_of_other_people_stay_in_the_file(home, labels):
    home.mkdir()
    command.sign_in_file().write_text("zoe secret reviewer\nben old reviewer\n")

    call_command("load_seeds", verbosity=0)

    assert people()["zoe"] == ("secret", "reviewer")
    assert "ben old" not in command.sign_in_file().read_text()


def test_what_cannot_be_loaded_is_one_line_and_stores_nothing(home, labels):
    Label.objects.filter(slug="speculation").delete()

    with pytest.raises(CommandError) as error:
        call_command("load_seeds", verbosity=0)

    assert str(error.value) == "Loading the seeds failed: there is no label “speculation”"
    assert counts() == [0, 0, 0, 0, 0]


def test_file_that_cannot_be_written_is_one_line(home, labels):
    home.write_text("not a directory")
    with pytest.raises(CommandError, match=r"^Loading the seeds failed: .*File exists: "):
        call_command("load_seeds", verbosity=0)
    assert counts() == [0, 0, 0, 0, 0]
