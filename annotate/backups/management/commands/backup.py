"""`backup FILE`: write the whole database to a new file, and check it."""

from __future__ import annotations

from annotate.backups import actions
from annotate.backups.command import FileCommand


class Command(FileCommand):
    help = "Write the whole database, as of one moment, to a new file, and check that file."
    act = staticmethod(actions.back_up)
