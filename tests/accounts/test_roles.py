"""Roles: groups with their permissions, and a person who knows theirs without a query."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotate.accounts.backends import RoleBackend
from annotate.accounts.models import User
from annotate.accounts.roles import PERMISSIONS
from tests.factories import make_user


def granted() -> dict[str, set[str]]:
    return {
        group.name: {
            f"{one.content_type.app_label}.{one.codename}"
            for one in group.permissions.select_related("content_type")
        }
        for group in Group.objects.all()
    }


EXPECTED = {role.value: set(names) for role, names in PERMISSIONS.items()}


@pytest.mark.django_db
def test_each_role_has_exactly_its_permissions_after_migrate():
    assert granted() == EXPECTED


@pytest.mark.django_db(transaction=True)
def test_roles_are_there_again_after_a_flush():
    call_command("flush", interactive=False, verbosity=0)
    assert granted() == EXPECTED


@pytest.mark.django_db
def test_migrate_takes_away_what_a_role_is_not_to_have():
    Group.objects.get(name="reviewer").permissions.add(
        *Group.objects.get(name="admin").permissions.all()
    )
    call_command("migrate", verbosity=0)
    assert granted() == EXPECTED


@pytest.mark.django_db
def test_person_of_a_session_knows_their_roles_without_a_query(mo):
    with CaptureQueriesContext(connection) as captured:
        person = RoleBackend().get_user(mo.pk)
        assert (person.roles, person.is_moderator, person.is_admin) == (
            {"moderator"},
            True,
            False,
        )
    assert len(captured) == 1


@pytest.mark.django_db
def test_person_in_several_groups_has_all_their_roles():
    both = make_user("both", "reviewer")
    both.groups.add(Group.objects.get(name="moderator"))
    both = RoleBackend().get_user(both.pk)
    assert both.roles == {"reviewer", "moderator"}
    assert both.is_moderator


@pytest.mark.django_db
def test_superuser_without_a_group_may_do_all():
    root = User.objects.create_superuser("root", password="correct horse battery")
    root = RoleBackend().get_user(root.pk)
    assert (root.roles, root.is_moderator, root.is_admin) == (frozenset(), True, True)


@pytest.mark.django_db
def test_deactivated_person_is_signed_out_and_stays_out(client, ana):
    client.force_login(ana)
    assert client.get("/").status_code == 200
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert client.get("/")["Location"] == "/accounts/sign-in/?next=/"
    response = client.post(
        "/accounts/sign-in/", {"username": "ana", "password": "correct horse battery"}
    )
    assert response.status_code == 422


@pytest.mark.django_db
def test_a_person_of_a_request_is_the_one_that_a_queryset_gives():
    person = make_user("noa", "moderator", public_name="Noa")
    person.preferences = {"keys_on": False}
    person.groups.create(name="second group")
    person.save()
    found, asked = (
        RoleBackend().get_user(person.pk),
        User.objects.with_roles().get(pk=person.pk),
    )
    assert found is not None
    assert sorted(found.roles) == sorted(asked.roles) == ["moderator", "second group"]
    for field in User._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(asked, field.attname)
    assert found._state.db == "default"
    assert not found._state.adding


@pytest.mark.django_db
def test_nobody_is_found_who_is_not_there_or_was_shut_out():
    person = make_user("noa")
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert RoleBackend().get_user(person.pk) is None
    assert RoleBackend().get_user(person.pk + 1_000_000) is None
