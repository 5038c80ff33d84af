"""`restore FILE`: put a backup into an empty database."""

from __future__ import annotations

from annotate.backups import actions
from annotate.backups.command import FileCommand


class Command(FileCommand):
    help = "Put a file of `backup` into the database, which must be empty."
    act = staticmethod(actions.restore)
