"""The admin as a whole: its menu, its policy, and what a page of ours in it gets."""

from __future__ import annotations

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from annotate.admin_pages import admin_context, admin_page
from annotate.urls import urlpatterns as site

pytestmark = pytest.mark.django_db


@admin_page
def ours(request: HttpRequest) -> HttpResponse:
    context = admin_context(request, title="Ours & theirs", parents=[("Parent", "/parent/")])
    return render(request, "admin/page.html", context)


urlpatterns = [path("admin/ours/", ours), *site]


def menu(page: str) -> list[str]:
    """The titles in the menu, those of groups and of lines."""
    text = page[page.index('id="nav-sidebar-apps"') : page.index('class="menu-person"')]
    text = re.sub(r"<span.*?</span>", "", text)
    return [title for title in re.findall(r">([^<>]+)<", text) if title.strip()]


def test_the_menu_has_what_a_person_may_see(client, mo, ada):
    client.force_login(mo)
    seen = menu(client.get("/admin/").text)
    assert {"Articles", "Annotations", "Labels", "Users", "Notices"} <= set(seen)
    assert not {"Roles", "Done in the admin", "Task results"} & set(seen)
    client.force_login(ada)
    assert set(menu(client.get("/admin/").text)) - set(seen) == {"Roles", "Done in the admin"}


def test_every_line_of_the_menu_leads_somewhere(client, ada, mo):
    ada.is_superuser = True
    ada.save()
    client.force_login(ada)
    page = client.get("/admin/").text
    links = re.findall(r'<li><a href="(/admin/[^"]*)"', page)
    assert len(links) == len(set(links)) > 15
    for link in links:
        page = client.get(link).text
        (here,) = re.findall(r'<a href="([^"]*)"[^>]*aria-current="page"', page)
        assert here == link


def test_only_the_admins_own_pages_may_compile_scripts(client, mo):
    client.force_login(mo)
    strict = client.get("/")["Content-Security-Policy"]
    policy = client.get("/admin/articles/article/")["Content-Security-Policy"]
    # A nonce is in the policy of pages that use it.
    strict, policy = (re.sub(r" 'nonce-[^']+'", "", one) for one in (strict, policy))
    assert "unsafe" not in strict
    assert policy == strict.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'")
    # What is answered at an address of the admin and is no page of it has the strict one.
    assert "unsafe" not in client.get("/admin/articles/none/")["Content-Security-Policy"]


@pytest.mark.urls(__name__)
def test_a_page_of_ours_in_the_admin(client, ana, mo):
    assert client.get("/admin/ours/")["Location"].startswith("/accounts/sign-in/?next=")
    client.force_login(ana)
    assert client.get("/admin/ours/").status_code == 403
    client.force_login(mo)
    response = client.get("/admin/ours/")
    assert "unsafe-eval" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
    page = response.text
    assert "<title> Ours &amp; theirs | Annotate</title>" in page
    assert page.count("<h1") == page.count("<h1>Ours &amp; theirs</h1>") == 1
    assert '<a href="/parent/">Parent</a>' in page
    assert "Articles" in menu(page)


def test_the_look_follows_the_persons_settings(client, mo):
    client.force_login(mo)
    assert "Look of the admin" in client.get("/admin/").text
    mo.preferences = {"theme": "dark"}
    mo.save()
    page = client.get("/admin/").text
    assert 'class="dark"' in page
    assert "Look of the admin" not in page
