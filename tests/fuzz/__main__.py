"""Fuzz each target for SECONDS: `python -m tests.fuzz [TARGET…]`, what `make fuzz` runs.

Prints for each what libFuzzer counted. Anything but a refusal in words, more than TIMEOUT
seconds for one input or more than MEMORY_MB is a crash: exit code 1, and the input is kept in
.fuzz/TARGET/. Inputs that reached new code are kept there as well, and the next run begins
with them.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.bench.__main__ import database
from tests.processes import data_home

CORPUS = Path(__file__).with_name("corpus")
RESULTS = Path(".fuzz")
TIMEOUT = 30  # seconds for one input: the machine may be busy, and watched code is slower
MEMORY_MB = 2048  # as much as the site gives a reader (annotate/exchange/reading/apart.py)

# How long an input of each target may get, in bytes.
TARGETS = {
    "txt": 4_000,
    "md": 4_000,
    "html": 4_000,
    "docx": 2_000,
    "docx_bytes": 4_000,
    "pdf": 2_000,
    "pdf_bytes": 4_000,
    "repeated": 60,
    "apart": 2_000,
    "jsonl": 8_000,
    "lines": 300,
    "store": 300,
    "sentences": 1_000,
    "text": 1_000,
    "comment": 500,
    "fields": 200,
    "requests": 0,  # tests/test_hostile_requests.py
}
REQUESTS = "requests"
NEEDS_DATABASE = {"store"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=600, help="for each target")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    asked = parser.parse_args()
    names = asked.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no such target: {', '.join(unknown)}. There are {', '.join(TARGETS)}.")
    if not find_spec("atheris"):
        print("Only Linux has the fuzzer, atheris.", file=sys.stderr)
        return 2
    print(f"{'target':12} {'executions':>11} {'a second':>9} {'coverage':>9} {'kept':>6}    MB")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(fuzz, names, [asked.seconds] * len(names)))
    failed = [name for name, ok in zip(names, passed, strict=True) if not ok]
    if failed:
        print(f"Crashes: {', '.join(failed)}. What was said, and the inputs: {RESULTS}/")
    return 1 if failed else 0


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target and print its line; whether nothing crashed."""
    folder = RESULTS / name
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    command = pytest() if name == REQUESTS else libfuzzer(name, folder, seconds)
    with variables(name, seconds) as environment, log.open("wb") as out:
        done = subprocess.run(command, env=environment, stdout=out, stderr=out, check=False)
    said = log.read_text(errors="replace")
    ok = done.returncode == 0
    print(line(name, said) + ("" if ok else f"  CRASH, see {log}"), flush=True)
    return ok


def libfuzzer(name: str, folder: Path, seconds: int) -> list[str]:
    seeds = CORPUS / name
    words = CORPUS / f"{name}.dict"
    return [
        *(sys.executable, "-m", "tests.fuzz.target", name, str(folder / "corpus")),
        *([str(seeds)] if seeds.exists() else []),
        *([f"-dict={words}"] if words.exists() else []),
        f"-max_total_time={seconds}",
        f"-timeout={TIMEOUT}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={TARGETS[name]}",
        f"-artifact_prefix={folder}/",
        "-len_control=0",
        "-print_final_stats=1",
    ]


def pytest() -> list[str]:
    """Return the command for hostile requests, which end by printing how many there were."""
    return [sys.executable, "-m", "pytest", "-q", "-s", "tests/test_hostile_requests.py"]


def line(name: str, said: str) -> str:
    """Return what libFuzzer counted as a line of the table."""

    def last(pattern: str) -> int:
        return int(([*re.findall(pattern, said, re.M)] or ["0"])[-1])

    return (
        f"{name:12} {last(r'number_of_executed_units: (\d+)') or last(r'^#(\d+)'):>11,} "
        f"{last(r'average_exec_per_sec: +(\d+)'):>9,} {last(r'cov: (\d+)'):>9,} "
        f"{last(r'corp: (\d+)'):>6,}  {last(r'peak_rss_mb: +(\d+)')}"
    )


@contextmanager
def variables(name: str, seconds: int) -> Iterator[dict[str, str]]:
    """Give the environment of a target, with a database of its own if it needs one."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    if name == REQUESTS:
        # Each example has three, and takes about half a second. pytest makes the database.
        yield environment | {"FUZZ_EXAMPLES": str(seconds * 2)}
        return
    if name not in NEEDS_DATABASE:
        # Nothing is asked of it.
        yield {"DATABASE_URL": "postgresql:///none", **environment}
        return
    with data_home() as home, database(home) as own:
        environment |= own | {"ANNOTATE_DATA_DIR": str(home)}
        environment["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, env=environment, check=True)
        yield environment


if __name__ == "__main__":
    sys.exit(main())
