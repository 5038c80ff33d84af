"""`check_log`: whether the present state is what the logs say."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotate.exchange.records import snapshot
from annotate.moderation.replay import Compared, compare


class Command(BaseCommand):
    help = (
        "Replay the logs and compare what they tell with what the tables hold. Prints what "
        "differs; exit status 1 if anything does."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        same: Counter[str] = Counter()
        without: Counter[str] = Counter()
        wrong = 0
        with snapshot():
            for one in compare():
                if one.logged is None:
                    without[one.kind] += 1
                elif one.differs:
                    wrong += 1
                    self.stdout.write(_words(one))
                else:
                    same[one.kind] += 1
        self.stdout.write(f"As the logs say: {_numbers(same)}.")
        if without:
            self.stdout.write(f"Without lines in a log, and not compared: {_numbers(without)}.")
        if wrong:
            things = "1 thing is" if wrong == 1 else f"{wrong:,} things are"
            raise CommandError(f"{things} not as the logs say.")


def _words(one: Compared) -> str:
    logged, present = one.logged or {}, one.present
    parts = [
        f"{name} is {present[name]!r}, the log says {logged[name]!r}"
        for name in logged
        if logged[name] != present[name]
    ]
    return f"{one.kind} {one.number}: {'; '.join(parts)}"


def _numbers(counts: Counter[str]) -> str:
    return ", ".join(f"{number:,} × {kind}" for kind, number in counts.items()) or "nothing"
