"""The page of one story, as tests use it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from playwright.sync_api import Error, Locator, Page, Route, expect

from annotate.annotations.models import Annotation, Change
from annotate.articles.models import Article, Sentence

POSTS = re.compile(r"/(annotations|undo|redo|reading|withdraw|\d+)/$")


@dataclass
class Reading:
    page: Page
    article: Article

    def open(self, anchor: str = "") -> Reading:
        self.page.goto(f"{self.article.get_absolute_url()}{anchor}")
        return self.ready()

    def reload(self) -> Reading:
        self.page.reload()
        return self.ready()

    def ready(self) -> Reading:
        expect(self.page.locator("html.script")).to_be_attached()
        return self

    # --- What is there ----------------------------------------------------------------

    def row(self, position: int) -> Sentence:
        return self.article.sentences.get(position=position)

    def row_text(self, position: int) -> str:
        row = self.row(position)
        return self.article.text[row.start : row.end]

    def sentence(self, position: int) -> Locator:
        return self.page.locator(f"#sentence-{self.row(position).pk}")

    def badge(self, annotation: Annotation) -> Locator:
        return self.page.locator(f".tag[href='/annotations/{annotation.pk}/']")

    @property
    def palette(self) -> Locator:
        return self.page.locator("#palette")

    @property
    def panel(self) -> Locator:
        return self.page.locator("#panel")

    @property
    def state(self) -> Locator:
        return self.page.locator("#state")

    @property
    def said(self) -> Locator:
        return self.page.locator("#said")

    def saved(self) -> Reading:
        """Wait until the page says that everything is saved."""
        expect(self.state).to_have_text("All saved")
        return self

    def highlighted(self, name: str) -> list[str]:
        """The stretches of text under a highlight of the page, as the reader sees them."""
        script = "name => [...(CSS.highlights.get(name) ?? [])].map(String)"
        return self.page.evaluate(script, name)

    # --- What a person does ---------------------------------------------------------------

    def press(self, *keys: str) -> Reading:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def focus(self, position: int) -> Reading:
        self.sentence(position).focus()
        return self

    def place(self, text: str, end: bool = False) -> tuple[float, float]:
        """Return the point just inside the first or last character of a text of the story."""
        self.page.evaluate(FIND, text)  # scrolls there
        return tuple(self.page.evaluate(FIND, text)["end" if end else "start"])

    def click(self, text: str) -> Reading:
        self.page.mouse.click(*self.place(text))
        return self

    def tap(self, text: str) -> Reading:
        self.page.touchscreen.tap(*self.place(text))
        return self

    def drag(self, first: str, last: str | None = None) -> Reading:
        """Select by mouse from the start of one text to the end of another."""
        self.place(first)
        end = self.place(last or first, end=True)
        start = self.place(first)
        end = tuple(self.page.evaluate(FIND_NOW, last or first)["end"])
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.page.mouse.move(*end)
        self.page.mouse.up()
        expect(self.palette).to_be_visible()  # the selection was seen
        return self

    # --- The way to the server ----------------------------------------------------------------

    @contextmanager
    def posts(self, handle) -> Iterator[list[Route]]:
        """Let `handle(route)` answer the page's POSTs; yields those that came."""
        seen: list[Route] = []

        def each(route: Route) -> None:
            if route.request.method != "POST":
                route.fallback()
                return
            seen.append(route)
            with suppress(Error):  # it may be under way when the test has seen enough
                handle(route)

        self.page.context.route(POSTS, each)
        try:
            yield seen
        finally:
            self.page.context.unroute(POSTS, each)

    def sends(self, held: list[Route], count: int) -> None:
        """Wait until so many requests have come: each turn lets the browser's events in."""
        for _ in range(5_000):
            if len(held) >= count:
                return
            self.page.evaluate("1")
        raise AssertionError(f"{len(held)} of {count} requests came")

    def reconnect(self) -> Reading:
        """What a browser says when the connection is back: the page does not wait longer."""
        self.page.evaluate("dispatchEvent(new Event('online'))")
        return self


# Where a text of the story stands in the view: runs of a sentence are several text nodes.
_FIND = """
(text) => {
  const story = document.getElementById("story");
  const walker = document.createTreeWalker(story, NodeFilter.SHOW_TEXT);
  let all = "";
  const nodes = [];
  while (walker.nextNode()) {
    if (walker.currentNode.parentElement.closest("[data-aside], .n")) continue;
    nodes.push([walker.currentNode, all.length]);
    all += walker.currentNode.data;
  }
  const at = all.indexOf(text);
  if (at < 0) throw new Error(`not in the story: ${text}`);
  const box = (offset) => {
    const [node, base] = nodes.findLast(([, base]) => base <= offset);
    const range = document.createRange();
    range.setStart(node, offset - base);
    range.setEnd(node, offset - base + (node.data.codePointAt(offset - base) > 0xffff ? 2 : 1));
    if (SCROLL) node.parentElement.scrollIntoView({ block: "center", behavior: "instant" });
    return [...range.getClientRects()].at(-1);
  };
  const last = box(at + text.length - 1);
  const first = box(at);
  return {
    start: [first.left + 1, first.top + first.height / 2],
    end: [last.right - 0.5, last.top + last.height / 2],
  };
}
"""
FIND = _FIND.replace("SCROLL", "true")
FIND_NOW = _FIND.replace("SCROLL", "false")


def stored(person) -> list[tuple[str, str]]:
    """The person's live tags as (label, exact text), in reading order; every offset holds."""
    tags = Annotation.objects.live().filter(reviewer=person).in_reading_order()
    found = []
    for tag in tags.select_related("label", "article"):
        assert tag.article.text[tag.start : tag.end] == tag.exact
        found.append((tag.label.slug, tag.exact))
    return found


def log(person) -> list[str]:
    """What the person did, in order."""
    return list(Change.objects.filter(by=person).order_by("pk").values_list("kind", flat=True))


def lose(route: Route) -> None:
    """There is no connection."""
    route.abort("internetdisconnected")


# Until not one more character fits.
FILL_STORAGE = """() => {
  for (let size = 2 ** 22, count = 0; size >= 1; count += 1) {
    try {
      localStorage.setItem(`full${count}`, "x".repeat(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
}"""
