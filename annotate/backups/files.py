"""The file of a backup: a dump in pg_dump's custom format, and two lines that seal it.

    …the dump…
    {"migrations": [["accounts", "0001_create_people"], …], "rows": {"public.a": 3, …}, …}
    5c1d…   SHA-256 of all bytes before this line, in hexadecimal

pg_restore reads the dump and nothing behind it, so that it takes the file as it is. By itself
it notices damage to rows, and none to what says how the tables are made.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from annotate.backups import BackupError

BLOCK_BYTES = 1 << 20
# The longest line about the contents: a hundred tables and a thousand migrations fit ten times.
CONTENTS_BYTES = 1 << 20
SEAL_BYTES = 65  # 64 digits and the end of the line


@dataclass(frozen=True)
class Contents:
    """What is in a backup."""

    rows: dict[str, int]  # of each table, by its name as SQL writes it
    migrations: list[list[str]]  # app and name of each that was applied
    pg_dump: int  # the main version of the program that wrote it


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write to; afterwards it is at `path`, whole, or nowhere.

    Only its owner may read it. Raises FileExistsError rather than overwrite anything.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        # Taking the name fails if another file has it; moving alone would overwrite that.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)  # or a crash of the machine could take the name away again


def seal(path: Path, contents: Contents) -> None:
    """End the file with what is in it and a digest of all, and have it written to the disk."""
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + json.dumps(asdict(contents)).encode() + b"\n")
        size = file.tell()
        file.seek(0)
        digest = _digest(file, size)
        file.seek(0, os.SEEK_END)
        file.write(digest)
    _sync(path)


def read(path: Path) -> Contents:
    """Return what is in a backup. Raises OSError, and BackupError unless all of it is there."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END) - SEAL_BYTES
        file.seek(0)
        if size < 0 or _digest(file, size) != file.read():
            raise BackupError(
                f"{path} is no backup of this site, or it is cut off or damaged. "
                "Nothing was changed: take another one."
            )
        file.seek(max(0, size - CONTENTS_BYTES))
        line = file.read(min(size, CONTENTS_BYTES)).splitlines()[-1]
    said = json.loads(line)
    # By name: a newer version may say more.
    return Contents(said["rows"], said["migrations"], said["pg_dump"])


def _digest(file: BinaryIO, length: int) -> bytes:
    """Return the line with the digest of the next `length` bytes."""
    digest = hashlib.sha256()
    while length > 0 and (block := file.read(min(length, BLOCK_BYTES))):
        digest.update(block)
        length -= len(block)
    return digest.hexdigest().encode() + b"\n"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
