"""deploy/ says what the settings and the code say. The proxies are tried by `make proxies`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from annotate.asgi import HEALTH
from annotate.live.hub import BEAT
from annotate.operations import metrics
from annotate.serve import GRACEFUL_SECONDS
from tests.test_configuration import rows

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("annotate-*.service"))
# Not ours: of the containers of others, and of Caddyfile.
OTHERS = (
    r"BASE|PATH|PYTHON\w+|DEBIAN_FRONTEND|POSTGRES_\w+"
    r"|ANNOTATE_(?:ADDRESS|WEB|WEB_LAST|PAGES|VERSION)"
)


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def found(pattern: str, name: str) -> list[str]:
    hits = re.findall(pattern, read(name), re.MULTILINE)
    assert hits, f"{name} has no {pattern}"
    return hits


def seconds(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()
    return int(number) * (60 if unit == "m" else 1)


@pytest.mark.parametrize(
    ("name", "limits", "unit"),
    [
        ("nginx.conf", r"client_max_body_size (\d+)m;", 1024**2),
        ("Caddyfile", r"max_size (\d+)MB", 1000**2),
        ("Caddyfile", r"\? (\d+) : (\d+)\)", 1),
    ],
)
def test_proxies_take_what_the_site_takes_and_not_much_more(name, limits, unit):
    hits = [
        part for hit in found(limits, name) for part in ([hit] if isinstance(hit, str) else hit)
    ]
    story, exported = sorted(int(hit) * unit for hit in hits)
    around = 1_000_000  # what a form has beside the file
    assert around < story - settings.STORY_FILE_MAX_BYTES < 4 * around
    assert story > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert around < exported - settings.IMPORT_MAX_BYTES < 6 * around


def test_proxies_wait_longer_than_pages_and_streams_do():
    streams, pages = sorted(map(seconds, found(r"proxy_read_timeout (\w+);", "nginx.conf")))
    [of_caddy] = map(seconds, found(r"response_header_timeout (\w+)", "Caddyfile"))
    assert streams > 2 * BEAT
    assert min(pages, of_caddy) > 2 * settings.DATABASE_TIMEOUT


def test_proxies_ask_and_hide_addresses_that_there_are():
    assert found(r"health_uri (\S+)", "Caddyfile") == ["/readyz/"]
    [hidden] = found(r"@inside path (.+)$", "Caddyfile")
    assert hidden.split() == [metrics.PATH, "/readyz/"]
    assert found(r"location ~ \^/\((.+)\)/\$ {\n        return 404;", "nginx.conf") == [
        "metrics|readyz"
    ]
    assert {metrics.PATH, "/readyz/"} <= set(HEALTH)
    assert found(r"metrics_path: (\S+)", "prometheus/prometheus.yml") == [metrics.PATH]


def test_everybody_gives_requests_their_time_to_finish():
    stops = [
        *found(r"TimeoutStopSec=(\d+)", "systemd/annotate-web@.service"),
        *found(r"stop_grace_period: (\d+)s", "compose.yaml"),
    ]
    assert min(map(int, stops)) > 2 * GRACEFUL_SECONDS


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("Containerfile", r"\b([A-Z][A-Z_]{3,})="),
        ("compose.yaml", r"^ +([A-Z][A-Z_]{3,}):"),
        ("site.env.example", r"^([A-Z_]+)="),
        ("systemd/environment.example", r"^([A-Z_]+)="),
        ("systemd/as-site", r"\b([A-Z_]{4,})="),
        ("systemd/annotate-.service.d/site.conf", r"\b([A-Z_]{4,})="),
    ],
)
def test_variables_are_those_of_the_configuration(name, variables):
    ours = [one for one in found(variables, name) if not re.fullmatch(OTHERS, one)]
    known = rows().keys()
    assert [one for one in ours if one.removesuffix("_FILE") not in known] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_start_what_there_is(unit):
    text = unit.read_text()
    [(command, module)] = re.findall(r"manage\.py (\w+)|-m annotate\.(\w+)", text)
    assert command in get_commands() or (ROOT / f"annotate/{module}.py").exists()


def test_the_lock_of_the_image_is_the_lock_without_what_tests_need():
    def packages(path: Path) -> dict[str, str]:
        return dict(
            re.findall(
                r"^(\S+?)==(\S+ (?:\\|;[^\\]+\\)(?:\n +--hash=\S+(?: \\)?)+)",
                path.read_text(),
                re.M,
            )
        )

    whole, image = packages(ROOT / "requirements.lock"), packages(DEPLOY / "requirements.lock")
    assert image.items() <= whole.items()
    named = re.findall(
        r'^    "([A-Za-z0-9-]+)', (ROOT / "pyproject.toml").read_text().split("]\n")[0], re.M
    )
    assert {name.lower() for name in named} <= image.keys()
    assert not {"pytest", "mypy", "playwright"} & image.keys()


def test_everything_the_image_copies_is_let_through():
    copied = {one.rstrip("/") for one in found(r"^COPY (\S+) \S+$", "Containerfile")}
    let_through = set(found(r"^!(\S+)$", "Containerfile.dockerignore"))
    assert copied == let_through
    assert all((ROOT / one).exists() for one in copied)


def test_alarms_are_about_figures_that_there_are_and_each_is_explained():
    names = found(r"alert: (\w+)", "prometheus/alerts.yml")
    page = (ROOT / "docs/operations.md").read_text()
    assert re.findall(r"^\| `(Annotate\w+)` \|", page, re.MULTILINE) == names
    series = {one.name for metric in metrics.registry.collect() for one in metric.samples}
    series |= {f"annotate_request_seconds_{end}" for end in ("count", "bucket")}
    series.add("process_resident_memory_bytes")
    asked = set(found(r"\b((?:annotate|process)_\w+)", "prometheus/alerts.yml"))
    assert asked - series == set()
    told = set(re.findall(r"`(annotate_\w+)`", page))
    ours = {
        metric.name
        for metric in metrics.registry.collect()
        if metric.name.startswith("annotate")
    }
    assert {one.removesuffix("_total") for one in told} >= ours
