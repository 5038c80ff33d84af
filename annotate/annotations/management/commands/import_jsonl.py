"""Put native exports in: all of the files, or none."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotate.articles.actions import TextStands
from annotate.exchange.fields import ImportRefused
from annotate.exchange.importing import Imported, import_file


class Command(BaseCommand):
    help = "Put native exports (jsonl) in. If a line of any file is wrong, none is imported."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            done = [self._import(name) for name in options["files"]]
        for one in done:
            counts = {
                "article": one.article.pk,
                "sentences": one.sentences,
                "annotations": one.annotations,
                "readings": one.readings,
            }
            self.stdout.write(json.dumps(counts))

    def _import(self, name: str) -> Imported:
        try:
            if name == "-":
                return import_file(sys.stdin.buffer)
            with Path(name).open("rb") as file:
                return import_file(file)
        except OSError as error:
            cause = f"{error.strerror}. Nothing was imported."
            raise CommandError(f"{name}: {cause}") from error
        except TextStands as error:
            raise CommandError(f"{name}: {error} Nothing was imported.") from error
        except ImportRefused as error:
            raise CommandError(f"{name}: {error}") from error
