"""Which browser the tests drive: `python tests/browser.py --install` sees to one.

In this order: the one that CHROMIUM names, a Chromium or Chrome of the system,
Playwright's own, and Debian's package where apt-get may install it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The shell is the same Chromium without windows and menus: a third less time for the tests.
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
ADVICE = "Install Chromium or Chrome, or name one: CHROMIUM=/path/to/chromium make test"


def find_browser() -> str | None:
    """Return the path of a browser, or None for Playwright's own.

    Raises LookupError with one line if CHROMIUM names none.
    """
    if named := os.environ.get("CHROMIUM"):
        if not works(named):
            raise LookupError(f"CHROMIUM names no browser that starts: {named}")
        return named
    candidates = [*filter(None, map(shutil.which, NAMES)), MAC]
    return next(filter(works, candidates), None)


def works(path: str) -> bool:
    """Return whether the browser at `path` starts: it may lack a library of the system."""
    return Path(path).exists() and succeeds(path, "--version", seconds=60)


def playwrights_own_works() -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return works(playwright.chromium.executable_path)


def install_playwrights_own() -> bool:
    print("Installing a browser…", flush=True)
    return succeeds(sys.executable, "-m", "playwright", "install", "chromium", seconds=600)


def install_by_apt() -> bool:
    # Without a password, or not at all: nobody may be there to answer.
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not all(shutil.which(program) for program in ["apt-get", *rights[:1]]):
        return False
    quietly = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    succeeds(*quietly, "update", seconds=300)
    packages = (SHELL, "chromium")  # older systems have no package of the shell
    return any(succeeds(*quietly, "install", "-y", one, seconds=900) for one in packages)


def succeeds(*command: str, seconds: float) -> bool:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install() -> None:
    """See to a browser. Raises LookupError with one line if none can be had."""
    if find_browser() or playwrights_own_works():
        return
    if install_playwrights_own() and playwrights_own_works():
        return
    if install_by_apt() and find_browser():
        return
    raise LookupError(f"The tests need a browser. {ADVICE}")


def main() -> int:
    if sys.argv[1:] != ["--install"]:
        print(__doc__)
        return 2
    try:
        install()
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
