"""The measures of `make load`, and its picture: what they count and what they call a fault."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.bench.picture import Curve, draw
from tests.load.meter import Times, kind_of, percentile


@pytest.mark.parametrize(
    ("method", "path", "kind", "also"),
    [
        ("POST", "/articles/3/annotations/", "tag", set()),
        ("POST", "/annotations/217622336901547/", "edit", set()),
        ("GET", "/annotations/217622336901547/", "open a tag", {404}),
        ("GET", "/articles/3/changes/?since=12&view=", "changes", set()),
        ("GET", "/articles/3/", "open a story", set()),
        ("POST", "/articles/3/threads/new/?sentence=7", "comment", set()),
        ("GET", "/?q=vote", "search the list", set()),
        ("GET", "/", "the list", set()),
        ("POST", "/articles/3/presence/", "where one is", {204}),
        ("POST", "/admin/queue/decide/", "decide", {409}),
        ("POST", "/articles/new/", "put a story in", set()),
    ],
)
def test_a_request_is_of_one_kind(method, path, kind, also):
    assert kind_of(method, path) == (kind, also | {200})


def test_what_should_not_be_answered_is_a_fault():
    times = Times()
    for status in (200, 404, 500, 0):
        times.note("GET", "/annotations/5/", status, 0.1)
    assert len(times.taken["open a tag"]) == 4
    assert dict(times.failed) == {"open a tag: 500": 1, "open a tag: no answer": 1}


def test_percentiles_are_values_that_were_measured():
    values = [one / 100 for one in range(100, 0, -1)]
    assert [percentile(values, one) for one in (50, 95, 99, 100)] == [0.5, 0.95, 0.99, 1.0]
    assert percentile([0.3], 99) == 0.3


def test_a_picture_has_its_curves_within_its_axes():
    picture = draw(
        "Tags & time",
        "reviewers",
        "ms",
        [Curve("p50", [(50, 4.0), (300, 31.5)]), Curve("p99", [(50, 9.0), (300, 120.0)])],
    )
    root = ElementTree.fromstring(picture)
    words = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert words == [
        *("Tags & time", "0", "50", "100", "150", "ms", "50", "300", "reviewers"),
        *("p50", "p99"),
    ]
    curves = [one.get("d", "") for one in root.iter() if "curve" in one.get("class", "")]
    ends = [curve.split("L")[-1].split() for curve in curves]
    assert ends == [["630.0", "253.3"], ["630.0", "94.0"]]
