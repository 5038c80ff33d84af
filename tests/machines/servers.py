"""What a site on several machines is made of, each a process on a port of 127.0.0.1.

Two PostgreSQL servers, PgBouncer, web processes and nginx. Where we are root, all but the web
processes run as the user of the embedded database.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil

from annotate import embedded
from tests.processes import ROOT, answers, environment, free_port, query, wait_until

DATABASE = "annotate"
HOST = "127.0.0.1"
PASSWORD = secrets.token_urlsafe(16)


class Process:
    """A server that is started once. Its log is in `folder`, which belongs to its user."""

    command: list[object]

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.log = folder / f"{type(self).__name__.lower()}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **more: Any) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **more,
            )

    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it and all its processes at once, as a machine without power does."""
        if self.process is None:
            return
        family = self.family()
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=10)
        self.process.wait(10)

    def family(self) -> list[psutil.Process]:
        """Return its processes, the first one first."""
        assert self.process
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Let it live and say nothing for as long as this lasts."""
        family = self.family()
        for one in family:
            one.suspend()
        try:
            yield
        finally:
            for one in family:
                one.resume()

    def words(self) -> str:
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        return said[-4_000:]

    def must_live(self) -> None:
        assert self.lives(), f"{type(self).__name__} ended: {self.words()}"


# --- PostgreSQL ------------------------------------------------------------------------------
class Postgres(Process):
    """A server with its data in `folder`/data."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "data"

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://postgres:{PASSWORD}@{HOST}:{self.port}/{database}"

    def make(self) -> None:
        """Make an empty cluster."""
        password = self.folder / "password"
        password.write_text(PASSWORD)
        options = [one for one in embedded.INITDB_OPTIONS if not one.startswith("--auth")]
        options += ["--auth=scram-sha-256", f"--pwfile={password}", f"--pgdata={self.data}"]
        self._program("initdb", *options)

    def copy(self, primary: Postgres) -> None:
        """Become a streaming replica of `primary`, by the name `replica`."""
        source = f"{primary.url('postgres')}?application_name=replica"
        options = ["--checkpoint=fast", "--write-recovery-conf", f"--dbname={source}"]
        self._program("pg_basebackup", *options, f"--pgdata={self.data}")

    def start(self, *options: str) -> None:
        settings = [f"listen_addresses={HOST}", f"port={self.port}", "max_connections=40"]
        settings += [f"unix_socket_directories={self.folder}", *options]
        given = [word for one in settings for word in ("-c", one)]
        self.command = [embedded.programs() / "postgres", "-D", self.data, *given]
        super().start(**_account())
        wait_until(self.accepts)

    def accepts(self) -> bool:
        self.must_live()
        return answers(self.url("postgres"))

    def ask(self, statement: str, database: str = "postgres") -> Any:
        """Return the first value of the first row."""
        rows = query(self.url(database), statement)
        return rows[0][0] if rows else None

    def stop_sending(self) -> None:
        """Let the replica hear no more from here on, as after a break in the network."""
        [sender] = [one for one in self.family() if "walsender" in " ".join(one.cmdline())]
        sender.suspend()

    def _program(self, name: str, *options: str) -> None:
        done = subprocess.run(
            [embedded.programs() / name, *options],
            capture_output=True,
            text=True,
            check=False,
            **_account(),
        )
        assert done.returncode == 0, f"{name} failed: {done.stderr}"


# --- In front of it --------------------------------------------------------------------------
class PgBouncer(Process):
    """Transaction mode, with fewer connections than the web process has threads."""

    def lead_to(self, server: Postgres) -> None:
        """Write the configuration; a running one takes it at once."""
        users = self.folder / "users.txt"
        users.write_text(f'"postgres" "{PASSWORD}"\n')
        limits = (
            "SET statement_timeout = 12000; SET idle_in_transaction_session_timeout = 60000"
        )
        where = f"host={HOST} port={server.port} dbname={DATABASE} connect_query='{limits}'"
        self._settings().write_text(f"""
[databases]
{DATABASE} = {where}
[pgbouncer]
listen_addr = {HOST}
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 2
query_wait_timeout = 5
server_login_retry = 1
""")
        if self.process:
            self.process.send_signal(signal.SIGHUP)

    def _settings(self) -> Path:
        return self.folder / "pgbouncer.ini"

    def start(self) -> None:
        self.command = [program("pgbouncer"), self._settings()]
        super().start(**_account())

    def url(self) -> str:
        return f"postgresql://postgres:{PASSWORD}@{HOST}:{self.port}/{DATABASE}"


class Nginx(Process):
    """The proxy before the web processes."""

    def start(self, webs: list[Web]) -> None:
        servers = "\n".join(
            f"server {HOST}:{web.port} max_fails=1 fail_timeout=2s;" for web in webs
        )
        temporary = "\n".join(
            f"{kind}_temp_path {self.folder};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        settings = self.folder / "nginx.conf"
        settings.write_text(f"""
daemon off;
worker_processes 1;
pid {self.folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    {temporary}
    upstream web {{
        least_conn;
        {servers}
        keepalive 8;
    }}
    server {{
        listen {HOST}:{self.port};
        location / {{
            proxy_pass http://web;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_connect_timeout 2s;
        }}
    }}
}}
""")
        self.command = [program("nginx"), "-e", "stderr", "-p", self.folder, "-c", settings]
        super().start(**_account())


# --- The site --------------------------------------------------------------------------------
class Web(Process):
    """A web process as on a machine of its own: nothing of its `folder` is another's."""

    def __init__(self, folder: Path, **variables: str) -> None:
        super().__init__(folder)
        self.variables = environment(folder, WEB_THREADS="4", **variables)
        self.base = f"http://{HOST}:{self.port}"

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py; return what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> None:
        self.command = [sys.executable, "-m", "uvicorn", "annotate.asgi:application"]
        self.command += ["--host", HOST, "--port", self.port, "--no-proxy-headers"]
        self.command += ["--no-access-log", "--no-server-header"]
        self.command += ["--timeout-graceful-shutdown", "5", "--log-level", "warning"]
        super().start(cwd=ROOT, env=self.variables)

    def ready(self) -> bool:
        self.must_live()
        try:
            with urlopen(f"{self.base}/readyz/", timeout=10) as answer:
                return answer.status == 200
        except OSError:  # away, or 503
            return False


# --- All of them -----------------------------------------------------------------------------
def program(name: str) -> str | None:
    """Return where a program of the system is: Debian's are in places for root."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _account() -> dict[str, Any]:
    """Return how subprocess is to change the user: not at all, unless we are root."""
    if os.geteuid() != 0:
        return {"env": _plain()}
    user, group = embedded.system_user()
    return {"user": user, "group": group, "extra_groups": [], "env": _plain()}


def _plain() -> dict[str, str]:
    """The environment without what PostgreSQL's programs would take for orders."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def new_folder(home: Path, name: str, *, ours: bool = False) -> Path:
    """Make a folder for a server; unless it is `ours`, it belongs to the servers' user."""
    folder = home / name
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0 and not ours:
        os.chown(folder, *embedded.system_user())
    return folder


@contextmanager
def killing(*processes: Process) -> Iterator[None]:
    """Whatever happens, none of them lives afterwards."""
    try:
        yield
    finally:
        for one in processes:
            one.kill()


@contextmanager
def telling(*processes: Process) -> Iterator[None]:
    """After an error, show how the log of each ends: it goes with its folder."""
    try:
        yield
    except Exception:
        for one in processes:
            print(f"--- {one.log}\n{one.words()}", file=sys.stderr)
        raise
