"""Write an article with everybody's tags to a file or to standard output."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotate.articles.models import Article
from annotate.exchange import formats
from annotate.exchange.records import snapshot


class Command(BaseCommand):
    help = "Write an article with everybody's tags: the bytes a moderator downloads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("article", type=int, metavar="ID")
        parser.add_argument(
            "--format", required=True, metavar="NAME", help=", ".join(formats.FORMATS)
        )
        parser.add_argument("--output", metavar="FILE", help="instead of standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = formats.find(options["format"])
            with snapshot():
                article = Article.objects.defer("search").get(pk=options["article"])
                blocks = found.encode(article, None)
        except formats.UnknownFormat as unknown:
            raise CommandError(str(unknown)) from unknown
        except Article.DoesNotExist:
            raise CommandError(f"There is no article {options['article']}.") from None
        try:
            if options["output"] is None:
                for block in blocks:
                    self._write(block)
            else:
                with replaced(Path(options["output"])) as file:
                    file.writelines(blocks)
        except BrokenPipeError:
            raise  # whoever reads has enough: see annotate/command_line.py
        except OSError as error:
            where = options["output"] or "Standard output"
            raise CommandError(f"{where}: {error.strerror}.") from error

    def _write(self, block: bytes) -> None:
        """Write bytes as they are where standard output takes bytes, whatever its encoding."""
        buffer = getattr(self.stdout, "buffer", None)
        if buffer is None:
            self.stdout.write(block.decode(), ending="")
        else:
            buffer.write(block)
            buffer.flush()


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of the one at `path` once all of it is written.

    What is no file, such as /dev/stdout, is written to where it is.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()  # what a symbolic link leads to
    draft = path.with_name(f".export-{os.getpid()}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
