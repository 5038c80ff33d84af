"""What is measured while the site is under load: times of answers, processors, memory."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil

import psutil
import psycopg

from tests.bench.site import cpu_seconds

# The first that fits is the kind of a request. Which answers belong to a kind beside 200:
# somebody else may have been first, or have taken back what is asked about.
KINDS: list[tuple[str, str, set[int]]] = [
    ("tag", r"POST /articles/\d+/annotations/", set()),
    ("edit", r"POST /annotations/\d+/", set()),
    ("undo", r"POST /articles/\d+/undo/", set()),
    ("redo", r"POST /articles/\d+/redo/", set()),
    ("read", r"POST /sentences/\d+/reading/", set()),
    ("changes", r"GET /articles/\d+/changes/", set()),
    ("where one is", r"POST /articles/\d+/presence/", {204}),
    ("open a story", r"GET /articles/\d+/", set()),
    ("open a tag", r"GET /annotations/\d+/", {404}),
    ("flag", r"POST /annotations/\d+/flag/", {404}),
    ("open threads", r"GET /articles/\d+/threads/new/", set()),
    ("comment", r"POST /articles/\d+/threads/new/", set()),
    ("search the list", r"GET /\?q=.*", set()),
    ("the list", r"GET /", set()),
    ("the queue", r"GET /admin/queue/", set()),
    ("open a case", r"GET /admin/queue/\d+/", set()),
    ("decide", r"POST /admin/queue/decide/", {409}),
    ("take a decision back", r"POST /admin/queue/take-back/", {409}),
    ("begin a story", r"GET /articles/new/", set()),
    ("put a story in", r"POST /articles/new/", set()),
]
PATTERNS = [
    (name, re.compile(rf"{pattern}(\?.*)?"), also | {200}) for name, pattern, also in KINDS
]
EVENT = "event to a stream"  # from the statement that stored it, in the same clock


def kind_of(method: str, path: str) -> tuple[str, set[int]]:
    """Return what a request is, and which answers to it are in order."""
    asked = f"{method} {path}"
    return next((name, good) for name, one, good in PATTERNS if one.fullmatch(asked))


class Times:
    """How long each request took, in seconds, and what was answered that should not be."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.tags_by_minute: dict[int, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        kind, good = kind_of(method, path)
        self.taken[kind].append(seconds)
        if kind == "tag":
            minute = int((time.monotonic() - self.began) // 60)
            self.tags_by_minute[minute].append(seconds)
        if status not in good:
            self.failed[f"{kind}: {status or 'no answer'}"] += 1


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of `values` that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[ceil(len(ordered) * percent / 100) - 1]


@dataclass
class Sample:
    """The site at a moment: seconds since the start, bytes of memory of its web processes."""

    at: float
    memory: int


@dataclass
class Watch:
    """Processor time and memory of the site and its database, looked at every few seconds."""

    web: list[psutil.Process]
    database: psycopg.Connection
    began: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    first: dict[int, float] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.first_web = self._web_seconds()
        self.first_own = time.process_time()
        self.first = database_seconds(self.database)
        self.look()

    def look(self) -> None:
        memory = sum(one.memory_info().rss for one in self.web)
        self.samples.append(Sample(time.monotonic() - self.began, memory))
        self.last |= database_seconds(self.database)  # with those that have ended meanwhile

    def server_seconds(self) -> float:
        return self._web_seconds() - self.first_web

    def _web_seconds(self) -> float:
        return sum(cpu_seconds(one.pid) for one in self.web)

    def database_seconds(self) -> float:
        """Return what the database's processes used; of one that ended, until the last look."""
        return sum(spent - self.first.get(pid, 0) for pid, spent in self.last.items())

    def own_seconds(self) -> float:
        return time.process_time() - self.first_own

    def memory(self, start: float, end: float) -> float:
        """Return the mean memory of the web processes between two times, in bytes."""
        found = [one.memory for one in self.samples if start <= one.at <= end]
        found = found or [self.samples[-1].memory]
        return sum(found) / len(found)


def database_seconds(connection: psycopg.Connection) -> dict[int, float]:
    """Return the processor time of each process of the database but that of `connection`.

    Empty where the database is on another machine.
    """
    asked = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    found = {}
    for (pid,) in connection.execute(asked).fetchall():
        with suppress(psutil.NoSuchProcess, OSError):
            if psutil.Process(pid).name().startswith("postgres"):
                found[pid] = cpu_seconds(pid)
    return found
