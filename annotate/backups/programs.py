"""PostgreSQL's programs pg_dump and pg_restore: which ones fit a server, and running them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo

from annotate.backups import BackupError
from annotate.embedded import EmbeddedError, programs, reason_in

PIPE_BYTES = 1 << 20
# What pg_restore 17 and newer send first is unknown to older servers: SET transaction_timeout.
BREAK = 17

BEGINS = re.compile(rb"COPY (.+?) \(.*\) FROM stdin;\n")
ENDS = b"\\.\n"  # in a row, a backslash is always written as two


@dataclass(frozen=True)
class Programs:
    """pg_dump and pg_restore of one main version, in one directory."""

    folder: Path
    version: int

    def __str__(self) -> str:
        return f"{self.version} in {self.folder}"

    def fit(self, server: int) -> bool:
        """Return whether they dump from a server of that main version, and restore to it."""
        return server <= self.version and (server >= BREAK or self.version < BREAK)

    def dump(self, path: Path, snapshot: str) -> None:
        """Write what the database holds in `snapshot` to a file."""
        self._run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={path}")

    def restore(self, path: Path) -> None:
        """Put a dump into the database: all of it or, with a BackupError, nothing."""
        options = ["--single-transaction", "--exit-on-error"]
        # Roles and tablespaces are the server's own: another one has others.
        options += ["--no-owner", "--no-privileges", "--no-tablespaces"]
        self._run("pg_restore", *options, str(path))

    def count_rows(self, path: Path) -> dict[str, int]:
        """Read a dump through to its end; return how many rows of each table are in it."""
        command = [str(self.folder / "pg_restore"), "--file=-", str(path)]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(
                command,
                bufsize=PIPE_BYTES,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                env=_environment(),
            ) as process,
        ):
            assert process.stdout
            rows = count_copied(process.stdout)
            if process.wait():
                said.seek(0)
                raise _failure("pg_restore", said.read())
        return rows

    def _run(self, name: str, *options: str) -> None:
        """Run a program on Django's database. The password is not among its arguments."""
        connection.ensure_connection()
        info = connection.connection.info
        # The very server that Django reached, where a name or a list leads to several.
        address = {"host": info.host, "port": str(info.port)}
        if info.hostaddr:
            address["hostaddr"] = info.hostaddr
        # Only what was asked for: psycopg's libpq has parameters that an older one refuses.
        asked = connection.get_connection_params().keys() - {"password", "sslpassword"}
        reach = {k: v for k, v in info.get_parameters().items() if k in asked} | address
        where = ["--no-password", "--schema=public", f"--dbname={make_conninfo(**reach)}"]
        ran = subprocess.run(
            [self.folder / name, *where, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**_environment(), "PGPASSWORD": info.password},
            check=False,
        )
        if ran.returncode:
            raise _failure(name, ran.stderr)


def for_backup(server: int) -> Programs:
    """Return the programs for a server of that main version. Raises BackupError."""
    for found in _installed():
        if found.fit(server):
            return found
    raise BackupError(
        f"The server is PostgreSQL {server}, and the pg_dump here is {_versions()}. "
        f"{_install(server)}"
    )


def for_restore(server: int, dumped_by: int) -> Programs:
    """Return the programs that read what pg_dump `dumped_by` wrote, for a server likewise."""
    for found in _installed():
        if found.fit(server) and found.version >= dumped_by:
            return found
    if server < BREAK <= dumped_by:
        advice = f"Restore it to PostgreSQL {dumped_by} or newer."
    else:
        advice = _install(max(server, dumped_by))
    raise BackupError(
        f"The backup is of pg_dump {dumped_by}, the server is PostgreSQL {server}, and no "
        f"pg_restore here fits both (it is {_versions()}). {advice}"
    )


def count_copied(lines: Iterable[bytes]) -> dict[str, int]:
    """Return how many rows of each table a script of pg_restore copies."""
    lines = iter(lines)
    rows = {}
    for line in lines:
        if begins := BEGINS.fullmatch(line):
            rows[begins[1].decode()] = sum(1 for _ in takewhile(ENDS.__ne__, lines))
    return rows


def _installed() -> Iterator[Programs]:
    """Give those that came along, then the first on the PATH."""
    folders = []
    with suppress(EmbeddedError):  # a site with a server of its own can do without
        folders.append(programs())
    if found := shutil.which("pg_dump"):
        folders.append(Path(found).parent)
    for folder in folders:
        command = [str(folder / "pg_dump"), "--version"]
        said = subprocess.run(
            command, capture_output=True, text=True, env=_environment(), check=False
        ).stdout
        if version := re.search(r"\(PostgreSQL\) (\d+)", said):
            yield Programs(folder, int(version[1]))


def _install(version: int) -> str:
    return f"Install the client programs of PostgreSQL {version}, so that the PATH has them."


def _versions() -> str:
    return " and ".join(map(str, _installed())) or "missing"


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}  # words that we can read


def _failure(name: str, said: bytes) -> BackupError:
    return BackupError(f"{name} failed: {reason_in(said.decode(errors='replace'))}.")
