"""Who may enter the admin, and what admins do to people there."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.accounts.models import User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

USERS = "/admin/accounts/user/"


@pytest.fixture
def root(db):
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def as_ada(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def as_mo(client, mo):
    client.force_login(mo)
    return client


def fields(user: User, **changes: object) -> dict[str, object]:
    """Return what the page of a person sends."""
    sent = {
        "username": user.username,
        "public_name": user.public_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "role": next(iter(user.groups.values_list("name", flat=True)), ""),
        "is_active": user.is_active,
        **changes,
    }
    return {name: value for name, value in sent.items() if value is not False}


# --- The way in ---------------------------------------------------------------------------


def test_the_way_in_is_the_sites_own_sign_in(client):
    response = client.get("/admin/articles/article/?q=tax", follow=True)
    assert response.redirect_chain[-1][0] == (
        "/accounts/sign-in/?next=/admin/articles/article/%3Fq%3Dtax"
    )


def test_after_signing_in_a_moderator_is_where_they_wanted_to_be(client, mo):
    response = client.post(
        "/accounts/sign-in/",
        {"username": "mo", "password": PASSWORD, "next": "/admin/articles/article/"},
    )
    assert response["Location"] == "/admin/articles/article/"
    assert client.get("/admin/articles/article/").status_code == 200


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/admin/articles/article/"])
def test_a_reviewer_is_told_once_and_sent_nowhere(as_ana, address):
    response = as_ana.get(address, follow=True)
    assert response.status_code == 403
    assert len(response.redirect_chain) <= 1
    assert "Only moderators and admins may enter the admin." in response.content.decode()


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/admin/articles/", "/admin/articles/"),
        ("https://example.org/", "/admin/"),
        ("//example.org", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
        ("claim", "claim"),  # no name of a view
        ("a:b\0", "/admin/"),
    ],
)
def test_who_has_signed_in_is_sent_on_within_the_site(as_mo, asked, sent):
    assert as_mo.get("/admin/login/", {"next": asked})["Location"] == sent


def test_posting_a_password_to_the_admin_signs_nobody_in(client, mo):
    sent = {"username": "mo", "password": PASSWORD}
    assert client.post("/admin/login/", sent)["Location"].startswith("/accounts/sign-in/")
    assert "_auth_user_id" not in client.session


# --- Who may see and do what --------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "moderator", "admin"),
    [
        (USERS, 200, 200),
        (f"{USERS}add/", 403, 200),
        ("/admin/articles/article/", 200, 200),
        ("/admin/articles/article/add/", 403, 403),
        ("/admin/articles/sentence/", 200, 200),
        ("/admin/annotations/label/", 200, 200),
        ("/admin/annotations/label/add/", 403, 200),
        ("/admin/annotations/annotation/", 200, 200),
        ("/admin/annotations/annotation/add/", 403, 403),
        ("/admin/annotations/reading/", 200, 200),
        ("/admin/annotations/change/", 200, 200),
        ("/admin/admin/logentry/", 403, 200),
        ("/admin/auth/group/", 403, 200),
        ("/admin/auth/group/add/", 403, 403),
    ],
)
def test_pages_by_role(client, mo, ada, address, moderator, admin):
    for person, status in ((mo, moderator), (ada, admin)):
        client.force_login(person)
        assert client.get(address).status_code == status


def test_nobody_is_deleted(client, ana, ada, root):
    for person in (ada, root):
        client.force_login(person)
        assert client.get(f"{USERS}{ana.pk}/delete/").status_code == 403
        client.post(USERS, {"action": "delete_selected", "_selected_action": ana.pk})
    assert User.objects.filter(pk=ana.pk).exists()


def test_a_moderator_looks_and_changes_nothing(as_mo, ana):
    page = as_mo.get(f"{USERS}{ana.pk}/change/").content.decode()
    assert "View user" in page
    assert "pbkdf2" not in page
    assert "field-password" not in page
    assert as_mo.post(f"{USERS}{ana.pk}/change/", fields(ana)).status_code == 403
    assert as_mo.get(f"{USERS}{ana.pk}/password/").status_code == 403


# --- What admins do -----------------------------------------------------------------------


def test_an_admin_adds_a_person_with_a_role(as_ada):
    sent = {
        "username": "lee",
        "public_name": "Lee Oh",
        "role": "moderator",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    response = as_ada.post(f"{USERS}add/", sent)
    lee = User.objects.get(username="lee")
    assert response.status_code == 302
    assert (lee.public_name, lee.is_staff, lee.roles) == ("Lee Oh", True, {"moderator"})
    assert lee.check_password(PASSWORD)


def test_a_person_is_added_as_a_reviewer_named_by_their_user_name(as_ada):
    page = as_ada.get(f"{USERS}add/").content.decode()
    assert '<option value="reviewer" selected>' in page
    sent = {"username": "lee", "role": "reviewer", "usable_password": "false"}
    as_ada.post(f"{USERS}add/", sent)
    lee = User.objects.get(username="lee")
    assert (lee.public_name, lee.is_staff, lee.has_usable_password()) == ("lee", False, False)


def test_a_public_name_that_is_taken_is_refused(as_ada, ana):
    sent = {"username": "lee", "public_name": "ana", "usable_password": "false"}
    page = as_ada.post(f"{USERS}add/", sent).content.decode()
    assert "User with this Public name already exists." in page


@pytest.mark.parametrize(
    ("role", "staff"), [("admin", True), ("moderator", True), ("reviewer", False), ("", False)]
)
def test_who_moderates_may_enter_the_admin_and_nobody_else(as_ada, ben, mo, role, staff):
    for person in (ben, mo):
        as_ada.post(f"{USERS}{person.pk}/change/", fields(person, role=role))
        person = User.objects.get(pk=person.pk)
        assert person.roles == ({role} if role else set())
        assert person.is_staff == staff


def test_only_what_the_page_shows_is_written(as_ada, ana):
    """The person may change their settings or password meanwhile."""
    sent = fields(ana, first_name="Ana", email="ana@example.org")
    with CaptureQueriesContext(connection) as queries:
        as_ada.post(f"{USERS}{ana.pk}/change/", sent)
    written = [one["sql"] for one in queries if one["sql"].startswith('UPDATE "accounts_user"')]
    assert not [sql for sql in written if '"preferences" =' in sql or '"last_login" =' in sql]
    ana.refresh_from_db()
    assert (ana.first_name, ana.email) == ("Ana", "ana@example.org")
    assert (
        LogEntry.objects.get().get_change_message() == "Changed First name and Email address."
    )


def test_an_account_is_shut_and_opened(as_ada, ana):
    as_ada.post(f"{USERS}{ana.pk}/change/", fields(ana, is_active=False))
    assert not User.objects.get(pk=ana.pk).is_active
    as_ada.post(f"{USERS}{ana.pk}/change/", fields(ana, is_active=True))
    assert User.objects.get(pk=ana.pk).is_active


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role": "reviewer"}, "You cannot take your own role away."),
        ({"is_active": False}, "You cannot shut yourself out."),
    ],
)
def test_admins_do_not_shut_themselves_out(as_ada, ada, changes, message):
    page = as_ada.post(f"{USERS}{ada.pk}/change/", fields(ada, **changes)).content.decode()
    assert message in page
    ada = User.objects.get(pk=ada.pk)
    assert ada.is_active
    assert ada.is_admin


def test_only_a_superuser_changes_a_superuser_or_permissions(client, ada, ana, root):
    everything = {
        "is_superuser": "on",
        "is_staff": "on",
        "user_permissions": list(Permission.objects.values_list("pk", flat=True)),
        "groups": [1, 2, 3],
    }
    client.force_login(ada)
    client.post(f"{USERS}{ana.pk}/change/", fields(ana, **everything))
    after = User.objects.get(pk=ana.pk)
    assert (after.is_superuser, after.is_staff, after.roles) == (False, False, {"reviewer"})
    assert not after.user_permissions.exists()
    for page in ("change", "password"):
        sent = fields(root, username="mine", password1="x", password2="x")
        assert client.post(f"{USERS}{root.pk}/{page}/", sent).status_code == 403
    client.force_login(root)
    client.post(f"{USERS}{ana.pk}/change/", fields(ana, is_superuser="on"))
    after = User.objects.get(pk=ana.pk)
    assert (after.is_superuser, after.is_staff) == (True, True)


def test_people_are_found_by_name_and_role(as_ada, ana, ben, mo):
    def names(**query: str) -> set[str]:
        return {user.username for user in as_ada.get(USERS, query).context["cl"].result_list}

    assert names() == {"ada", "ana", "ben", "mo"}
    assert names(q="an") == {"ana"}
    assert names(role="reviewer") == {"ana", "ben"}
    assert names(role="none") == set()
    assert names(q="o", role="moderator") == {"mo"}


def test_the_list_of_people_costs_the_same_queries_for_more(as_ada, ana):
    with CaptureQueriesContext(connection) as few:
        as_ada.get(USERS)
    for number in range(3):
        make_user(f"more{number}")
    with CaptureQueriesContext(connection) as many:
        as_ada.get(USERS)
    assert len(many) == len(few) <= 6


def test_the_log_is_read_only(as_ada, ana):
    as_ada.post(f"{USERS}{ana.pk}/change/", fields(ana, first_name="A"))
    entry = LogEntry.objects.get()
    page = as_ada.get(f"/admin/admin/logentry/{entry.pk}/change/").content.decode()
    assert "Changed First name." in page
    assert as_ada.post(f"/admin/admin/logentry/{entry.pk}/change/", {}).status_code == 403
    assert as_ada.get(f"/admin/admin/logentry/{entry.pk}/delete/").status_code == 403
