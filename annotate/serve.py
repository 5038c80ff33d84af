"""The web process of a site for others, behind a proxy: docs/deployment.md.

`python -m annotate.serve --port 8001` serves; with `--ready` it asks the process that serves
there whether it can answer pages, says what it answered, and ends with 0 or 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from annotate import embedded, runner

if TYPE_CHECKING:
    import uvicorn

GRACEFUL_SECONDS = 5  # for requests under way when the process is told to stop


def config(host: str = "127.0.0.1", port: int = 8000) -> uvicorn.Config:
    """Return how uvicorn serves the site, on one machine and on many."""
    import uvicorn

    from annotate.protocol import Protocol

    return uvicorn.Config(
        "annotate.asgi:application",
        host=host,
        port=port,
        loop="uvloop",
        http=Protocol,
        ws="none",
        log_config=None,  # ours holds for it, too
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # Django reads them
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


def ready(address: str, patience: float) -> bool:
    """Ask /readyz/ there until it answers 200, for so many seconds; print the last answer."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotate.settings")
    from django.conf import settings

    host = settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"
    # As the proxy asks: otherwise the answer of a site over HTTPS is where to go instead.
    request = Request(
        f"http://{address}/readyz/",
        headers={"Host": host, "X-Forwarded-Proto": "https"},
    )
    deadline = time.monotonic() + patience
    while True:
        status, said = ask(request)
        if status == 200 or time.monotonic() >= deadline:
            print(said, file=sys.stdout if status == 200 else sys.stderr)
            return status == 200
        time.sleep(0.5)


def ask(request: Request) -> tuple[int, str]:
    """Return the status and what was said; 0 and the reason if nobody answered."""
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode().strip()
    except HTTPError as error:
        return error.code, error.read().decode().strip()
    except OSError as error:
        return 0, f"Nobody answers: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m annotate.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="The address to listen at.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--ready", action="store_true", help="Ask, do not serve.")
    parser.add_argument("--wait", type=float, default=0, help="Ask for so many seconds.")
    options = parser.parse_args()
    try:
        check_environment()
    except runner.RunnerError as error:
        embedded.complain(error)
        return 1
    if options.ready:
        host = "127.0.0.1" if options.host == "0.0.0.0" else options.host  # noqa: S104
        return 0 if ready(f"{host}:{options.port}", options.wait) else 1
    import uvicorn

    with suppress(KeyboardInterrupt):  # uvicorn stops first, then hands the signal on
        uvicorn.Server(config(options.host, options.port)).run()
    return 0


def check_environment() -> None:
    """Read secrets from their files. Raises RunnerError if one is missing."""
    runner.read_secrets()
    for name in ("DATABASE_URL", "SECRET_KEY"):
        if not os.environ.get(name):
            raise runner.RunnerError(
                f"{name} is not set. A site for others needs it (docs/configuration.md); "
                "“make run” does without."
            )


if __name__ == "__main__":
    sys.exit(main())
