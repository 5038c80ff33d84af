"""Take the pictures of these docs again: `python docs/screenshots.py [FOLDER]`.

The site is started as `make run` starts it, in a new data directory with the seeds, and
stopped at the end. Pictures go to docs/images, or to FOLDER.
"""

import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import find_browser
from tests.processes import Site, data_home, running_site

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent / "seeds/stories"
DEMO = "WikiLeaks account wrote privately"
REVIEWED = "“Square for all"
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 720},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}


def reading(page: Page) -> None:
    open_demo(page)


def palette(page: Page) -> None:
    open_demo(page)
    page.locator("#story .s").nth(12).locator(".n").click()
    page.wait_for_selector("#palette:not([hidden])")


def tag(page: Page) -> None:
    open_demo(page)
    page.locator("#story a.tag").first.click()
    page.wait_for_selector("#panel h2")


def team(page: Page) -> None:
    """A revealed review, with the discussion of one sentence open."""
    page.get_by_role("link", name=REVIEWED).click()
    page.wait_for_selector("html.script #state[data-state=saved]")
    page.locator("#story a.threads").click()
    page.locator("#panel").get_by_role("link", name="Sentence 8").click()
    page.wait_for_selector("#panel [data-lines]")


def check(page: Page) -> None:
    page.goto("/articles/new/")
    page.set_input_files("input[type=file]", SEEDS / "port-averil-tram-poll.txt")
    page.click("button[value=read]")
    page.wait_for_selector("#sentences li")


def queue(page: Page) -> None:
    """The case in focus of a moderator's queue."""
    page.goto("/admin/queue/")
    page.wait_for_selector("html.script")
    page.keyboard.press("j")
    page.wait_for_selector("#case h2")


def overview(page: Page) -> None:
    """The first page of the admin, after a decision."""
    queue(page)
    page.keyboard.press("e")
    page.wait_for_selector("#said:not(:empty)")
    page.goto("/admin/")


PICTURES: dict[str, tuple[Callable[[Page], None], dict]] = {
    "reading-light": (reading, DESKTOP),
    "reading-dark": (reading, {**DESKTOP, "color_scheme": "dark"}),
    "palette": (palette, DESKTOP),
    "tag": (tag, DESKTOP),
    "team": (team, DESKTOP),
    "phone": (palette, PHONE),
    "queue": (queue, {"viewport": {"width": 1280, "height": 900}}),
    "overview": (overview, {"viewport": {"width": 1280, "height": 650}}),
    "check": (check, {"viewport": {"width": 1280, "height": 1000}}),
}


AS_MODERATOR = {"queue", "overview"}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with data_home() as home, running_site(home) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for name, (arrange, options) in PICTURES.items():
            person = "mo" if name in AS_MODERATOR else "ana"
            data = smaller(picture(browser, site, arrange, options, person))
            (folder / f"{name}.png").write_bytes(data)
            print(f"{name}.png: {len(data) / 1000:.0f} kB")
        browser.close()


def picture(
    browser: Browser, site: Site, arrange: Callable, options: dict, person: str
) -> bytes:
    """Return a PNG of a page as a person sees it once `arrange` has brought it about."""
    url = f"http://127.0.0.1:{site.port}"
    context = browser.new_context(base_url=url, reduced_motion="reduce", **options)
    page = context.new_page()
    page.goto("/")
    page.fill("#id_username", person)
    page.fill("#id_password", password_of(person, site.home))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".stories")
    arrange(page)
    data = page.screenshot(animations="disabled", caret="hide")
    context.close()
    return data


def open_demo(page: Page) -> None:
    page.get_by_role("link", name=DEMO).click()
    page.wait_for_selector("html.script #state[data-state=saved]")


def password_of(name: str, home: Path) -> str:
    people = (line.split() for line in (home / "sign-in.txt").read_text().splitlines())
    return next(person[1] for person in people if person[0] == name)


# --- Smaller files ------------------------------------------------------------------------


def smaller(png: bytes) -> bytes:
    """Return a screenshot with at most 256 colours: the rarer ones become the nearest."""
    width, height, pixels = decoded(png)
    counts = Counter(pixels)
    colours = [colour for colour, _ in counts.most_common(256)]
    index = {colour: number for number, colour in enumerate(colours)}

    @cache
    def nearest(colour: bytes) -> int:
        if colour in index:
            return index[colour]
        return min(
            range(len(colours)),
            key=lambda at: sum((a - b) ** 2 for a, b in zip(colours[at], colour, strict=True)),
        )

    numbers = bytes(map(nearest, pixels))
    rows = b"".join(b"\0" + numbers[at : at + width] for at in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"PLTE", b"".join(colours)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def decoded(png: bytes) -> tuple[int, int, list[bytes]]:
    """Return width, height and pixels (three bytes each) of a browser's screenshot."""
    at, packed, size = len(SIGNATURE), b"", (0, 0, 0)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", data)
            if depth != 8 or colours not in (2, 6) or interlaced:
                raise ValueError("the screenshot is no plain PNG of 8 bits a colour")
            size = (width, height, 3 if colours == 2 else 4)
        packed += data if kind == b"IDAT" else b""
        at += 12 + length
    width, height, channels = size
    raw = zlib.decompress(packed)
    stride = width * channels
    before = bytearray(stride)
    pixels = []
    for start in range(0, height * (stride + 1), stride + 1):
        row = bytearray(raw[start + 1 : start + 1 + stride])
        unfilter(raw[start], row, before, channels)
        pixels += [bytes(row[x : x + 3]) for x in range(0, stride, channels)]
        before = row
    return width, height, pixels


def unfilter(kind: int, row: bytearray, up: bytearray, step: int) -> None:
    """Undo a filter of PNG on a row, in place; source: PNG specification, section 9."""
    for at in range(len(row)):
        left = row[at - step] if at >= step else 0
        corner = up[at - step] if at >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up[at]
        elif kind == 3:
            guess = (left + up[at]) // 2
        elif kind == 4:
            base = left + up[at] - corner
            guess = min((left, up[at], corner), key=lambda one: abs(base - one))
        else:
            return
        row[at] = (row[at] + guess) & 0xFF


if __name__ == "__main__":
    main()
