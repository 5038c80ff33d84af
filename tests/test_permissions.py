"""Who may reach which address: every address of the site against every kind of person.

Each answer is looked at for its headers and cookies, too: tests/answers.py.

`ana` owns the draft, the tag and the reading of this table; `ben` is another reviewer.
The tags of the table stand in an open story, so for `ben` their existence is a secret: 404.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from annotate.annotations import actions
from annotate.discussion import actions as discussion
from annotate.moderation import cases, decisions
from annotate.moderation.effects import Verdict
from annotate.moderation.models import Decision, Revert
from annotate.reviews import actions as rounds
from tests.answers import faults_of
from tests.factories import make_article

PEOPLE = ["nobody", "ana", "ben", "mo", "ada"]

# "sign in" is a redirect there; with a POST the numbers are for an empty body, which is
# refused as wrong input (422) only after permission is settled.
IN, OK, SEE, BAD, NO, HIDDEN = "sign in", 200, 303, 422, 403, 404
EVERYONE = [OK, OK, OK, OK, OK]
MEMBERS = [IN, OK, OK, OK, OK]

TABLE: list[tuple[str, str, list]] = [
    ("GET", "healthz", EVERYONE),
    ("POST", "healthz", EVERYONE),
    ("GET", "readyz", EVERYONE),
    ("POST", "readyz", EVERYONE),
    ("GET", "sign_in", [OK, 302, 302, 302, 302]),
    ("POST", "sign_in", [BAD, 302, 302, 302, 302]),
    ("POST", "sign_out", [IN, 302, 302, 302, 302]),
    ("GET", "password_reset", EVERYONE),
    ("POST", "password_reset", [BAD, BAD, BAD, BAD, BAD]),
    ("GET", "password_reset_done", EVERYONE),
    ("GET", "password_reset_confirm", EVERYONE),
    ("POST", "password_reset_confirm", EVERYONE),  # the link leads nowhere: says so
    ("GET", "password_reset_complete", EVERYONE),
    ("GET", "password_change", MEMBERS),
    ("POST", "password_change", [IN, BAD, BAD, BAD, BAD]),
    ("GET", "password_change_done", MEMBERS),
    ("GET", "settings", MEMBERS),
    ("POST", "settings", [IN, BAD, BAD, BAD, BAD]),
    # To where they confirm that it is them.
    ("POST", "end_session", [IN, 302, 302, 302, 302]),
    ("POST", "end_other_sessions", [IN, 302, 302, 302, 302]),
    # The second factor. Who has none is asked for the password before setting one up.
    ("GET", "account_login", [OK, 302, 302, 302, 302]),
    ("POST", "account_login", [BAD, 302, 302, 302, 302]),
    ("GET", "mfa_authenticate", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_authenticate", [IN, SEE, SEE, SEE, SEE]),
    ("GET", "mfa_login_webauthn", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_login_webauthn", [IN, 303, 303, 303, 303]),
    ("GET", "account_reauthenticate", MEMBERS),
    ("POST", "account_reauthenticate", [IN, BAD, BAD, BAD, BAD]),
    ("GET", "mfa_reauthenticate", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_reauthenticate", [IN, SEE, SEE, SEE, SEE]),
    ("GET", "mfa_reauthenticate_webauthn", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_reauthenticate_webauthn", [IN, SEE, SEE, SEE, SEE]),
    ("GET", "mfa_index", MEMBERS),
    ("GET", "mfa_list_webauthn", MEMBERS),
    ("GET", "mfa_activate_totp", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_activate_totp", [IN, 302, 302, 302, 302]),
    ("GET", "mfa_deactivate_totp", [IN, HIDDEN, HIDDEN, HIDDEN, HIDDEN]),
    ("POST", "mfa_deactivate_totp", [IN, HIDDEN, HIDDEN, HIDDEN, HIDDEN]),
    ("GET", "mfa_add_webauthn", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_add_webauthn", [IN, 302, 302, 302, 302]),
    ("GET", "mfa_edit_webauthn", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_edit_webauthn", [IN, 302, 302, 302, 302]),
    ("GET", "mfa_remove_webauthn", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_remove_webauthn", [IN, 302, 302, 302, 302]),
    ("GET", "mfa_view_recovery_codes", [IN, HIDDEN, HIDDEN, HIDDEN, HIDDEN]),
    ("GET", "mfa_generate_recovery_codes", [IN, 302, 302, 302, 302]),
    ("POST", "mfa_generate_recovery_codes", [IN, 302, 302, 302, 302]),
    ("GET", "articles", MEMBERS),
    ("GET", "new_article", MEMBERS),
    ("POST", "new_article", [IN, BAD, BAD, BAD, BAD]),
    ("GET", "article", MEMBERS),
    ("GET", "article draft", [IN, OK, HIDDEN, OK, OK]),
    ("POST", "article_status", [IN, NO, NO, BAD, BAD]),
    ("POST", "article_status draft", [IN, BAD, HIDDEN, BAD, BAD]),
    ("POST", "annotate", [IN, BAD, BAD, BAD, BAD]),
    ("POST", "annotate draft", [IN, BAD, HIDDEN, BAD, BAD]),
    ("POST", "undo", [IN, SEE, SEE, SEE, SEE]),
    ("POST", "undo draft", [IN, 409, HIDDEN, 409, 409]),
    ("POST", "redo", [IN, SEE, SEE, SEE, SEE]),
    ("GET", "history", MEMBERS),
    ("GET", "history draft", [IN, OK, HIDDEN, OK, OK]),
    ("GET", "annotation", [IN, OK, HIDDEN, OK, OK]),
    ("POST", "annotation", [IN, SEE, HIDDEN, NO, NO]),
    ("POST", "withdraw", [IN, SEE, HIDDEN, NO, NO]),
    ("GET", "sentence", MEMBERS),
    ("GET", "sentence draft", [IN, OK, HIDDEN, OK, OK]),
    ("POST", "reading", [IN, SEE, SEE, SEE, SEE]),
    ("POST", "reading draft", [IN, 409, HIDDEN, 409, 409]),
    ("GET", "guideline", MEMBERS),
    ("GET", "guideline_versions", MEMBERS),
    ("GET", "threads", MEMBERS),
    ("GET", "threads draft", [IN, OK, HIDDEN, OK, OK]),
    ("GET", "new_thread", [IN, HIDDEN, HIDDEN, HIDDEN, HIDDEN]),  # of no passage
    ("POST", "new_thread", [IN, HIDDEN, HIDDEN, HIDDEN, HIDDEN]),
    ("GET", "thread", [IN, OK, HIDDEN, OK, OK]),
    ("POST", "comment", [IN, BAD, HIDDEN, BAD, BAD]),
    ("POST", "resolve_thread", [IN, BAD, HIDDEN, BAD, BAD]),
    ("POST", "reopen_thread", [IN, SEE, HIDDEN, SEE, SEE]),
    ("GET", "edit_comment", [IN, OK, HIDDEN, NO, NO]),
    ("POST", "edit_comment", [IN, BAD, HIDDEN, NO, NO]),
    ("POST", "withdraw_comment", [IN, SEE, HIDDEN, NO, NO]),
    ("GET", "export", MEMBERS),
    ("GET", "export draft", [IN, OK, HIDDEN, OK, OK]),
    ("GET", "live", MEMBERS),
    ("GET", "live draft", [IN, OK, HIDDEN, OK, OK]),
    ("GET", "changes", [IN, 302, 302, 302, 302]),  # to the story, without htmx
    ("GET", "changes draft", [IN, 302, HIDDEN, 302, 302]),
    ("POST", "presence", [IN, BAD, BAD, BAD, BAD]),
    ("POST", "presence draft", [IN, BAD, HIDDEN, BAD, BAD]),
    ("GET", "import_jsonl", [IN, NO, NO, OK, OK]),
    ("POST", "import_jsonl", [IN, NO, NO, BAD, BAD]),
    ("GET", "work", MEMBERS),
    ("GET", "reviews", [IN, NO, NO, OK, OK]),
    ("GET", "assign", [IN, NO, NO, OK, OK]),
    ("POST", "assign", [IN, NO, NO, BAD, BAD]),
    # In a blind round of `ana` alone, who is also the only one with something to submit.
    ("GET", "review", MEMBERS),
    ("GET", "review draft", [IN, OK, HIDDEN, OK, OK]),
    ("POST", "review", [IN, NO, NO, BAD, BAD]),
    ("POST", "review draft", [IN, NO, HIDDEN, BAD, BAD]),
    ("GET", "submit_review", MEMBERS),
    ("POST", "submit_review", [IN, SEE, NO, NO, NO]),
    ("POST", "submit_review draft", [IN, NO, HIDDEN, NO, NO]),
    ("POST", "reopen_review", [IN, SEE, NO, NO, NO]),
    ("POST", "reopen_review draft", [IN, NO, HIDDEN, NO, NO]),
    ("POST", "read_the_rest", [IN, SEE, NO, NO, NO]),
    ("POST", "read_the_rest draft", [IN, 409, HIDDEN, 409, 409]),
    ("POST", "reveal_round", [IN, NO, NO, SEE, SEE]),
    ("POST", "close_round", [IN, NO, NO, 409, 409]),
    # The case is about `ana`.
    ("GET", "queue", [IN, NO, NO, OK, OK]),
    ("GET", "case", [IN, NO, NO, OK, OK]),
    ("POST", "decide", [IN, NO, NO, BAD, BAD]),
    ("POST", "claim_case", [IN, NO, NO, SEE, SEE]),
    ("POST", "release_case", [IN, NO, NO, SEE, SEE]),
    ("POST", "take_back", [IN, NO, NO, SEE, SEE]),
    # Pages of ours in the admin.
    ("GET", "revert", [IN, NO, NO, OK, OK]),
    ("POST", "revert", [IN, NO, NO, OK, OK]),  # of nothing: asks what to undo
    ("GET", "revert_done", [IN, NO, NO, OK, OK]),
    ("GET", "audit", [IN, NO, NO, OK, OK]),
    ("GET", "audit_export", [IN, NO, NO, OK, OK]),
    ("GET", "people", [IN, NO, NO, OK, OK]),
    ("GET", "person", [IN, NO, NO, OK, OK]),
    ("POST", "decide_person", [IN, NO, NO, BAD, BAD]),
    ("POST", "person_sessions", [IN, NO, NO, SEE, SEE]),
    ("POST", "person_first_tags", [IN, NO, NO, BAD, BAD]),
    ("POST", "erase_person", [IN, NO, NO, NO, BAD]),
    # What `ana` made, and she flagged ben's tag; "draft" is the number of a blind round.
    ("GET", "flag_annotation", [IN, NO, HIDDEN, OK, OK]),
    ("POST", "flag_annotation", [IN, NO, HIDDEN, BAD, BAD]),
    ("GET", "flag_comment", [IN, NO, HIDDEN, OK, OK]),
    ("POST", "flag_comment", [IN, NO, HIDDEN, BAD, BAD]),
    ("GET", "flag_reviewer", [IN, NO, OK, OK, OK]),
    ("POST", "flag_reviewer", [IN, NO, BAD, BAD, BAD]),
    ("GET", "flag_reviewer draft", [IN, HIDDEN, HIDDEN, OK, OK]),
    ("POST", "flag_reviewer draft", [IN, HIDDEN, HIDDEN, BAD, BAD]),
    ("GET", "flags", MEMBERS),
    ("POST", "withdraw_flag", [IN, SEE, HIDDEN, HIDDEN, HIDDEN]),
    ("GET", "decisions", MEMBERS),
    ("GET", "decision", [IN, OK, HIDDEN, HIDDEN, HIDDEN]),
    ("POST", "appeal", [IN, BAD, HIDDEN, HIDDEN, HIDDEN]),
    ("POST", "ask_for_erasure", [IN, SEE, SEE, SEE, SEE]),
    ("POST", "withdraw_erasure", [IN, SEE, SEE, SEE, SEE]),
    ("POST", "premoderation", [IN, NO, NO, SEE, SEE]),
    ("POST", "premoderation draft", [IN, NO, HIDDEN, SEE, SEE]),
]


@pytest.fixture
def places(ana, ben, mo, article, claim):
    """The arguments of each address that has any."""
    draft = make_article(
        title="A draft", body="Not for others.", submitted_by=ana, status="draft"
    )
    tag = actions.annotate(
        article=article, reviewer=ana, label=claim, start=0, end=5
    ).annotation
    reviewed = make_article(title="A story in review", body="It has one sentence.")
    round = rounds.open_round(reviewed, by=None, reviewers=[ana])
    thread = discussion.begin_thread(article, by=ana, start=0, end=5, text="A question")
    shared = make_article(title="A story for all", body="It has a sentence.")
    opened = rounds.open_round(shared, by=None, mode="open", reviewers=[ana])
    flagged = actions.annotate(article=shared, reviewer=ben, label=claim, start=0, end=5)
    flag = cases.flag(flagged.annotation, by=ana, reason="spam")
    warning = decisions.decide_about(ana, Verdict(Decision.Kind.WARN), by=mo)
    now = timezone.now()
    revert = Revert.objects.create(person=ben, since=now, until=now, why="Spam.", by=mo)
    threads = ({"pk": thread.pk}, None)
    comments = ({"pk": thread.comments.get().pk}, None)
    case = ({"pk": cases.flag(tag, by=ben, reason="spam").case.pk}, None)
    story, hidden = {"pk": article.pk}, {"pk": draft.pk}
    sentences = {"pk": article.sentences.get(position=1).pk}
    secret = {"pk": draft.sentences.get(position=1).pk}
    return {
        **dict.fromkeys(
            ["article", "article_status", "annotate", "undo", "redo", "history"],
            (story, hidden),
        ),
        **dict.fromkeys(["live", "changes", "presence"], (story, hidden)),
        **dict.fromkeys(["threads", "new_thread"], (story, hidden)),
        **dict.fromkeys(["thread", "comment", "resolve_thread", "reopen_thread"], threads),
        **dict.fromkeys(["edit_comment", "withdraw_comment"], comments),
        "guideline_versions": ({"slug": "claim"}, None),
        **dict.fromkeys(
            ["review", "submit_review", "reopen_review", "read_the_rest"],
            ({"pk": reviewed.pk}, hidden),
        ),
        "reveal_round": ({"pk": round.pk}, None),
        "close_round": ({"pk": round.pk}, None),
        **dict.fromkeys(["case", "claim_case", "release_case"], case),
        **dict.fromkeys(
            ["person", "decide_person", "person_sessions", "person_first_tags", "erase_person"],
            ({"pk": ana.pk}, None),
        ),
        "annotation": ({"pk": tag.pk}, None),
        "withdraw": ({"pk": tag.pk}, None),
        "sentence": (sentences, secret),
        "reading": (sentences, secret),
        "export": ({**story, "format": "jsonl"}, {**hidden, "format": "jsonl"}),
        **dict.fromkeys(["end_session", "mfa_edit_webauthn"], ({"pk": 1}, None)),
        "mfa_remove_webauthn": ({"pk": 1}, None),
        "flag_annotation": ({"pk": tag.pk}, None),
        "flag_comment": comments,
        "flag_reviewer": (
            {"pk": shared.pk, "number": opened.assignments.get(reviewer=ana).number},
            {"pk": reviewed.pk, "number": 1},
        ),
        "withdraw_flag": ({"pk": flag.pk}, None),
        **dict.fromkeys(["decision", "appeal"], ({"number": warning.number}, None)),
        "premoderation": (story, hidden),
        "revert_done": ({"pk": revert.pk}, None),
        "audit_export": ({"format": "csv"}, None),
        "password_reset_confirm": ({"uidb64": "MQ", "token": "no-such-token"}, None),
    }


PARTS = 4  # to share the work among processes; what `places` makes is made once for each


@pytest.mark.parametrize("part", range(PARTS))
def test_addresses(request, places, part):
    clients = [Client() for _ in PEOPLE]
    for client, name in zip(clients[1:], PEOPLE[1:], strict=True):
        client.force_login(request.getfixturevalue(name))
    sessions = [dict(client.cookies.items()) for client in clients]
    found, expected = {}, {}
    for method, name, wanted in TABLE[part::PARTS]:
        name, _, draft = name.partition(" ")
        kwargs = places[name][1 if draft else 0] if name in places else None
        address = reverse(name, kwargs=kwargs)
        asked = f"{method} {name} {draft}"
        expected[asked] = wanted
        found[asked] = [
            answer(method, address, session, one)
            for session, one in zip(sessions, wanted, strict=True)
        ]
    assert found == expected


def answer(method: str, address: str, session: dict, wanted: object) -> object:
    with transaction.atomic():  # nobody meets what another one did
        client = Client()
        client.cookies.update(session)
        response = client.generic(method, address)
        transaction.set_rollback(True)
    assert faults_of(response, address) == []
    leads = response.get("Location", "").split("?")[0]
    signs_in = wanted == IN and leads == reverse("sign_in")
    return IN if signs_in else response.status_code


def names(resolver: URLResolver) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield str(entry.name)
        elif entry.namespace != "admin":  # tests/test_admin_crawl.py has these
            yield from names(entry)


def test_no_address_is_missing_from_the_table():
    listed = {name.partition(" ")[0] for _, name, _ in TABLE}
    assert set(names(get_resolver())) == listed


def test_an_address_without_a_row_for_post_takes_none(client, ada, places):
    written = {name.partition(" ")[0] for method, name, _ in TABLE if method == "POST"}
    client.force_login(ada)
    found = {}
    for name in set(names(get_resolver())) - written:
        kwargs = places[name][0] if name in places else None
        found[name] = client.post(reverse(name, kwargs=kwargs)).status_code
    assert found == dict.fromkeys(found, 405)


@pytest.mark.parametrize("name", ["article", "annotation", "sentence", "history", "guideline"])
def test_htmx_without_a_session_is_told_so(client, places, name):
    kwargs = places[name][0] if name in places else None
    response = client.get(reverse(name, kwargs=kwargs), headers={"HX-Request": "true"})
    assert (response.status_code, response.text) == (
        401,
        "Your session has ended. Sign in again.",
    )
