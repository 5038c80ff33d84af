"""Write an article with everybody's tags to a file or to standard output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
        if options["output"] is None:
            for block in blocks:
                self._write(block)
            return
        try:
            with Path(options["output"]).open("wb") as file:
                file.writelines(blocks)
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror}.") from error

    def _write(self, block: bytes) -> None:
        """Write bytes as they are where standard output takes bytes, whatever its encoding."""
        buffer = getattr(self.stdout, "buffer", None)
        if buffer is None:
            self.stdout.write(block.decode(), ending="")
        else:
            buffer.write(block)
            buffer.flush()
