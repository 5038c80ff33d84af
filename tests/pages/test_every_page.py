"""What holds on every page and in every state of one, light and dark, small and wide."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from playwright.sync_api import Page, expect

from annotate.annotations.models import Annotation
from annotate.articles.actions import create_article
from annotate.moderation import cases
from annotate.sent import Field, Sent
from tests.factories import make_article
from tests.pages.conftest import DESKTOP, PHONE
from tests.pages.reading import Reading as Story
from tests.pages.reading import stored

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS = {
    "wide": DESKTOP,
    "wide dark": {**DESKTOP, "color_scheme": "dark"},
    "phone": PHONE,
    "phone dark": {**PHONE, "color_scheme": "dark"},
}
AXE = Axe().axe_script
# Of what is right it would describe every element.
VIOLATIONS = "async () => (await axe.run({ resultTypes: ['violations'] })).violations"


def barriers(page: Page) -> list[str]:
    """What axe finds wrong, as the rule and the elements."""
    page.wait_for_load_state()  # a click may just have led to another page
    if page.evaluate("typeof axe === 'undefined'"):  # half a megabyte: once for each page
        page.evaluate(AXE)
    found = page.evaluate(VIOLATIONS)
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


def holds(page: Page, what: str) -> None:
    assert barriers(page) == [], what
    headings = page.locator("h1:visible")
    assert headings.count() == 1, what
    # Not innerWidth: a phone zooms out to show a page that is too wide.
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= (page.viewport_size or {})["width"], f"{what}: too wide"


def reset_link(person) -> str:
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return f"/accounts/password/reset/{uid}/{default_token_generator.make_token(person)}/"


@pytest.fixture
def look(request) -> dict:
    return LOOKS[request.param]


both_looks = pytest.mark.parametrize("look", ["wide", "phone dark"], indirect=True)


@both_looks
def test_pages_before_the_sign_in(browse, ana, look, watch):
    watch.expected = ("404", "422")
    page = browse(**look).new_page()
    for address in (
        "/accounts/sign-in/",
        "/accounts/password/reset/",
        "/accounts/password/reset/sent/",
        "/accounts/password/reset/done/",
        reset_link(ana),
        "/accounts/password/reset/x/y/",
    ):
        page.goto(address)
        holds(page, address)
    page.goto("/accounts/sign-in/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    holds(page, "a wrong password")


@both_looks
def test_pages_of_a_reviewer(read, ana, article, look, watch):
    watch.expected = ("403", "404", "422")
    story = read(ana, **look).focus(1).press("c", "e", "j", "n").saved()
    make_article("A locked story", "It has one sentence.", status="locked")
    page = story.page
    tag = Annotation.objects.first()
    for address in (
        "/",
        "/?q=taxes",
        "/?q=nothing+of+the+kind",
        f"/sentences/{story.row(1).pk}/",
        f"/annotations/{tag.pk}/",
        "/guideline/",
        f"/articles/{article.pk}/history/",
        f"/articles/{article.pk + 1}/",
        "/accounts/settings/",
        "/accounts/password/",
        "/accounts/password/done/",
        "/articles/new/",
        "/articles/import/",  # not for reviewers
        "/nowhere/",
    ):
        page.goto(address)
        holds(page, address)
    page.goto("/articles/new/")
    page.locator("textarea[name=text]").fill("A headline\n\nOne sentence. Two sentences.")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check the story")
    holds(page, "a story to check")


@both_looks
def test_what_opens_on_a_story(read, ana, look, watch):
    watch.expected = ("Failed to load resource",)
    story = (
        read(ana, **look).focus(1).press("c", "e", "Shift+ArrowRight", "s", "j", "n").saved()
    )
    page = story.page
    holds(page, "the story")
    story.focus(1).press("Enter")
    expect(story.palette).to_be_visible()
    holds(page, "the palette")
    story.palette.get_by_role("link", name="Open Claim").click()
    expect(story.panel.get_by_role("heading")).to_be_visible()
    holds(page, "a tag")
    story.press("Escape")
    for key in ("?", "g"):
        story.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        holds(page, f"the dialog of {key}")
        story.press("Escape")
    with story.posts(lambda route: route.abort()):
        story.press("j", "c", "n", "Shift+ArrowRight")
        expect(story.state).to_have_attribute("data-state", "waiting")
        holds(page, "without a connection")
        page.evaluate("document.cookie = 'csrftoken=; Max-Age=0'")
    page.context.clear_cookies()
    expect(story.state).to_have_attribute("data-state", "signed-out")
    holds(page, "signed out")


def test_a_refusal_on_a_story(read, ana, article, watch):
    watch.expected = ("409",)
    story = read(ana).focus(1)
    article.status = "archived"
    article.save()
    story.press("c")
    expect(story.page.get_by_role("alert")).to_contain_text("archived")
    holds(story.page, "a refusal")


SENT = Sent("/articles/1/threads/new/", [Field("text", "Two words"), Field("kind", "gap")])


@pytest.mark.parametrize(
    "template", ["500.html", "503.html", "403_csrf.html", "accounts/session_ended.html"]
)
def test_pages_for_a_server_in_trouble(browse, template):
    page = browse().new_page()
    page.set_content(render_to_string(template, {"sent": SENT, "page": "/"}))
    holds(page, template)


# Pages of the admin that need nothing but an admin, who sees all that moderators do.
ADMIN_PAGES = [
    "/admin/",
    "/admin/articles/article/",
    "/admin/annotations/annotation/?q=nothing+of+the+kind",
    "/admin/accounts/user/add/",
]


@both_looks
def test_pages_of_the_admin(read, ana, ada, article, look):
    read(ana).focus(1).press("c").saved()
    cases.flag(Annotation.objects.get(), by=ada, reason="spam")  # for the overview's charts
    page = read(ada, **look).page
    page.goto(f"/admin/people/{ana.pk}/")
    page.get_by_text("Erase…").click()
    holds(page, "a person, about to be erased")
    for address in (
        *ADMIN_PAGES,
        "/admin/people/",
        f"/admin/articles/article/{article.pk}/change/",
        f"/admin/accounts/user/{ana.pk}/change/",
        "/admin/annotations/annotation/",
    ):
        page.goto(address)
        expect(page.locator("html[x-cloak]")).to_have_count(0)
        holds(page, address)
    page.locator(".action-select").first.check()
    expect(page.get_by_role("button", name="Do it")).to_be_visible()
    holds(page, "a chosen row")
    for button, dialog in (("Filters", "#changelist-filter"), ("Menu", "#nav-sidebar")):
        if button == "Menu" and look == DESKTOP:
            expect(page.locator(dialog)).to_be_visible()
            continue
        page.get_by_role("button", name=button).press("Enter")
        expect(page.locator(dialog)).to_be_visible()
        holds(page, f"{button} are open")
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()


def test_a_moderators_pages(read, ana, mo, article):
    read(ana).focus(1).press("c").saved()
    story = read(mo)
    expect(
        story.sentence(1).get_by_role("link", name="Claim by ana: open this tag")
    ).to_be_visible()
    holds(story.page, "a moderator's story")
    story.page.goto(f"/articles/{article.pk}/history/")
    holds(story.page, "everybody's history")
    story.page.goto(f"/annotations/{Annotation.objects.get().pk}/")
    holds(story.page, "somebody's tag")


# --- Stories that try to be more than text ------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>{{ user }}{% csrf_token %}<img src=x onerror=alert(2)>'\"&amp;"
)
TURNED = "abc \u202e drow"


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_hostile_text_is_text_everywhere(browse, ana, labels, script):
    body = f"He wrote {HOSTILE} there. Turned {TURNED} here.\n\n</p></article>{HOSTILE} again."
    article = create_article(
        title=f"Title {HOSTILE}",
        body=body,
        outlet=HOSTILE,
        byline=HOSTILE,
        url="https://example.org/?a=1&b='%22><script>",
        submitted_by=None,
    )
    page = browse(ana, java_script_enabled=script).new_page()
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.goto("/")
    expect(page.locator("main")).to_contain_text(f"Title {HOSTILE}")
    page.goto(article.get_absolute_url())
    story = Story(page, article)
    expect(page.locator("#story")).to_contain_text(f"He wrote {HOSTILE} there.")
    expect(page.locator("#story")).to_contain_text(TURNED)
    for place in ("h1", ".outlet"):
        expect(page.locator(f"#story {place}")).to_contain_text(HOSTILE)
    if script:
        story.ready().focus(1).press("c").saved().press("Enter")
        story.panel.get_by_label("Note").fill(HOSTILE)
        story.saved().press("Escape").press("Escape")
        for position in (0, 2, 3):
            story.focus(position).press("e").saved().press("Enter")
            expect(story.panel.locator("blockquote")).to_have_text(story.row_text(position))
            story.press("Escape")
        story.saved().drag("there. Turned")
        expect(story.palette).to_be_visible()
        story.press("s").saved().reload()
        assert ("claim", story.row_text(1)) in stored(ana)
    else:
        story.sentence(1).locator(".n").click()
        expect(page.locator("blockquote")).to_have_text(story.row_text(1))
        page.get_by_role("button", name="Claim").first.click()
        story.sentence(1).locator(".tag").click()
        page.get_by_label("Note").fill(HOSTILE)
        page.get_by_role("button", name="Save").click()
    tag = Annotation.objects.get(label__slug="claim")
    assert tag.note == HOSTILE
    for address in (f"/annotations/{tag.pk}/", f"/articles/{article.pk}/history/"):
        page.goto(address)
        expect(page.locator("main")).to_contain_text("<script>alert(1)</script>{{ user }}")
    page.goto(f"/annotations/{tag.pk}/")
    expect(page.get_by_label("Note")).to_have_value(HOSTILE)
    assert (
        page.locator("main img, main script:not([src]):not([type='application/json'])").count()
        == 0
    )
    assert alerts == []


# --- Drawn --------------------------------------------------------------------------


SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      for (const { node } of entry.sources) shifts.push(node?.outerHTML ?? node?.data);
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
IN_TWO_PARTS = """
  async (cut) => {
    const html = await (await fetch(location.href)).text();
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    document.open();
    document.write(html.slice(0, cut));
    await frame();
    document.write(html.slice(cut));
    document.close();
    await frame();
    await frame();
    return window.shifts;
  }
"""


def test_nothing_moves_while_a_story_opens(read, ana):
    story = read(ana)
    story.page.add_init_script(SHIFTS)
    story.reload()
    assert story.page.evaluate("shifts") == []


def test_nothing_moves_while_the_head_of_a_page_arrives(browse, ana):
    page = browse(ana).new_page()
    page.add_init_script(SHIFTS)
    html = page.goto("/accounts/password/done/").text()
    head = range(html.index("<header"), html.index("</header>"))
    for cut in [place for place in head if html[place] == "<"]:
        assert page.evaluate(IN_TWO_PARTS, cut) == [], html[:cut]
        page.reload()


def test_a_label_is_never_told_by_colour_alone(read, ana):
    story = read(ana, forced_colors="active").focus(1).press("c", "e").saved()
    mark = story.sentence(1).locator("mark")
    lines = mark.evaluate("mark => getComputedStyle(mark).backgroundImage")
    assert lines.count("linear-gradient") == 2  # as many lines as tags, in the reader's colour
    assert "rgb(0, 0, 0)" in lines
    for badge in story.sentence(1).locator(".tag").all():
        assert badge.inner_text() in "CE"


def test_the_print_has_the_story_and_its_tags_alone(read, ana):
    ana.preferences = {"theme": "dark"}
    ana.save()
    story = read(ana).focus(1).press("c").saved()
    expect(story.page.locator("html")).to_have_css("color", "rgb(232, 229, 222)")
    story.page.emulate_media(media="print")
    expect(story.page.locator("html")).to_have_css("color", "rgb(29, 28, 26)")  # paper is white
    for gone in (".site", "#controls", "#offers", "#state", ".more"):
        expect(story.page.locator(gone)).to_be_hidden()
    expect(story.sentence(1).locator("mark")).to_be_visible()
    expect(story.page.locator("#count-claim")).to_be_visible()
