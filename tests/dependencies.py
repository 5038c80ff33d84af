"""What the site is built on: audited, and listed. `make audit` and `make sbom` run this.

The tools are in an environment of their own, .venv/audit, from .ci/audit.lock.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path("requirements.lock")
UPGRADED = Path(".ci/upgraded")  # the day when `make lock` last took newer versions
TOOLS = Path(".venv/audit/bin")
BILL = Path("annotate.cdx.json")

SERVICES = ("pypi", "osv")  # both have the advisories of PyPI; osv has more
ANSWER_SECONDS = 60  # for all packages
OLDEST_DAYS = 90


def main() -> int:
    match sys.argv[1:]:
        case ["audit"]:
            code, said = verdict(advisories(), upgraded(), datetime.date.today())
            print(said, file=sys.stderr if code else sys.stdout)
            return code
        case ["sbom"]:
            BILL.write_text(json.dumps(bill_of_materials(), indent=2) + "\n")
            valid = [TOOLS / "python", "-c", VALIDATE, BILL]
            return subprocess.run(valid, check=False).returncode
    print("Use `make audit` or `make sbom`.", file=sys.stderr)
    return 2


# --- Audit ------------------------------------------------------------------------------------


def advisories() -> list[dict[str, Any]] | None:
    """Return what a service knows of each package of the lock; None where none answers."""
    for service in SERVICES:
        command = [
            *(TOOLS / "pip-audit", "--vulnerability-service", service, "--format", "json"),
            *("--requirement", LOCK, "--require-hashes", "--no-deps", "--disable-pip"),
            *("--progress-spinner", "off", "--timeout", "5"),
        ]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=ANSWER_SECONDS, check=False
            )
            packages = json.loads(done.stdout)["dependencies"]
        except (subprocess.TimeoutExpired, ValueError):
            continue  # it said in words why it got no answer
        # Where a mirror has no advisories it skips each package, and calls that success.
        if any("vulns" in package for package in packages):
            return packages
    return None


def upgraded() -> datetime.date:
    return datetime.date.fromisoformat(UPGRADED.read_text().strip())


def verdict(
    packages: list[dict[str, Any]] | None, upgraded: datetime.date, today: datetime.date
) -> tuple[int, str]:
    """Return an exit code and what to say: by the advisories, or else by the lock's age."""
    if packages is not None:
        found = [
            f"{package['name']} {package['version']}: {flaw['id']}, corrected in "
            + (", ".join(flaw["fix_versions"]) or "no version yet")
            for package in packages
            for flaw in package.get("vulns", ())
        ]
        unknown = [package["name"] for package in packages if "vulns" not in package]
        if found:
            return 1, "\n".join([*found, "Take newer versions: make lock LOCK_ARGS=--upgrade"])
        asked = len(packages) - len(unknown)
        but = f" Nothing could be asked about {', '.join(unknown)}." if unknown else ""
        return 0, f"No advisory is known for any of {asked} packages.{but}"
    days = (today - upgraded).days
    said = (
        "No advisories could be asked for, so only the lock's age was checked: newer versions "
        f"were last taken on {upgraded}, {days} days ago."
    )
    if days > OLDEST_DAYS:
        return 1, f"{said} Take them: make lock LOCK_ARGS=--upgrade"
    return 0, f"{said} {OLDEST_DAYS} are allowed."


# --- Bill of materials ------------------------------------------------------------------------

VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(error and f"{sys.argv[1]} is not valid: {error}")
"""


def bill_of_materials() -> dict[str, Any]:
    """Return the packages of the lock in CycloneDX, those that only tests need as excluded."""
    command = [
        *(TOOLS / "cyclonedx-py", "requirements", LOCK, "--pyproject", "pyproject.toml"),
        *("--output-reproducible", "--spec-version", "1.6"),
    ]
    # What it warns of, a root without dependencies, is what a list of packages is.
    made = subprocess.run(command, capture_output=True, check=True)
    bill = json.loads(made.stdout)
    needed = runtime(LOCK.read_text())
    for component in bill["components"]:
        component["scope"] = "required" if component["name"] in needed else "excluded"
        # It has the line of the lock, which says nothing that is not said elsewhere here.
        del component["description"]
    return bill


def runtime(lock: str) -> set[str]:
    """Return the packages of a lock that the site needs; the others are for its tests alone.

    uv says below each package what it is there for.
    """
    wanted_by: dict[str, set[str]] = {}
    for line in lock.splitlines():
        if package := re.match(r"([\w.-]+)(?:\[.*\])?==", line):
            reasons = wanted_by.setdefault(package[1], set())
        elif reason := re.match(r" +#(?: via|  ) +(\S.*)", line):
            reasons.add(reason[1])
    needed, found = set(), {"annotate (pyproject.toml)"}
    while found:
        needed |= found
        found = {name for name, by in wanted_by.items() if by & needed} - needed
    return needed & wanted_by.keys()


if __name__ == "__main__":
    sys.exit(main())
