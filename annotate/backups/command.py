"""What the commands `backup` and `restore` have in common."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from annotate.backups import BackupError
from annotate.backups.files import Contents


class FileCommand(BaseCommand):
    """A command that does something with one file, and says in a line of JSON what is in it."""

    act: Callable[[Path], Contents]
    # They ask the database, and would not say in one line that it cannot be reached.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *, file: Path, **options: Any) -> None:
        began = time.monotonic()
        try:
            contents = type(self).act(file)
            size = file.stat().st_size
        except BackupError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except Error as error:
            raise CommandError(" ".join(str(error).split())) from error
        said = {
            "file": str(file),
            "bytes": size,
            "tables": len(contents.rows),
            "rows": sum(contents.rows.values()),
            "seconds": round(time.monotonic() - began, 2),
        }
        self.stdout.write(json.dumps(said, ensure_ascii=False))
