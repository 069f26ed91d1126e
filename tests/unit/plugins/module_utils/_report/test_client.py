# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.client import (
    Request,
    gaps_between,
    read_requests,
    view_client,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.packing import pack, unpack
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.probe_record import (
    describe_record,
    read_back,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.reconciliation import reconcile
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.series import MOST_POINTS, make_series


def order(at: float, *, ok: bool = True, seconds: float = 0.0, site: str = "dublin") -> Request:
    return Request(at, seconds, ok, f"o-{at}", "order", site, None if ok else "timed out")


def steady(since: int, until: int) -> list[Request]:
    return [order(float(at)) for at in range(since, until)]


REQUESTS = st.lists(
    st.builds(
        Request,
        at=st.floats(0, 1000),
        seconds=st.floats(0, 30),
        ok=st.booleans(),
        id=st.uuids().map(str),
        kind=st.sampled_from(["order", "read"]),
        site=st.sampled_from(["frankfurt", "dublin", None]),
        error=st.none(),
    ),
    max_size=40,
).map(lambda requests: sorted(requests, key=lambda request: request.at))


@given(REQUESTS, st.floats(0, 900), st.floats(0.1, 100))
def test_measures_are_all_there_or_all_missing_with_a_reason(
    requests: list[Request], begun_at: float, wall: float
) -> None:
    view = view_client(requests, begun_at, begun_at + wall, "dublin")
    measures = (view.requests, view.failed_requests, view.longest_stall_seconds, view.outage_seconds)
    assert all(measure is None for measure in measures) if view.why_not else None not in measures


@given(REQUESTS, st.floats(0, 900), st.floats(0.1, 100))
def test_a_plot_never_has_too_many_points_and_counts_every_request_once(
    requests: list[Request], begun_at: float, wall: float
) -> None:
    ended_at = begun_at + wall
    view = view_client(requests, begun_at, ended_at, None)
    series = make_series(requests, begun_at, ended_at, view)
    assert len(series["points"]) <= MOST_POINTS
    since = begun_at + series["from_seconds"]
    shown = [request for request in requests if since + 0.01 < request.at < ended_at - 0.01]
    assert sum(good + failed for _at, good, failed, _worst in series["points"]) >= len(shown)


def test_a_gap_runs_from_answer_to_answer() -> None:
    (gap,) = gaps_between([order(1.0, seconds=0.5), order(2.0, seconds=1.0)])
    assert gap.seconds == pytest.approx(1.5)


def test_without_a_failed_write_there_is_a_stall_and_no_outage() -> None:
    view = view_client([*steady(0, 10), *steady(13, 20)], 5, 18, "dublin")
    assert (view.outage_seconds, view.longest_stall_seconds, view.failed_requests) == (0.0, 4.0, 0)


def test_an_outage_that_began_before_the_plan_is_measured_from_its_begin() -> None:
    failing = [order(10 + at / 2, ok=False) for at in range(20)]
    view = view_client([*steady(0, 10), *failing, *steady(21, 30)], 15, 28, "dublin")
    assert view.outage_seconds == 12.0
    assert view.failed_requests == 20
    assert view.first_good_at_target == 21.0


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        ([], "no record"),
        (steady(11, 20), "before the run began"),
        ([*steady(0, 12), order(13.0, ok=False)], "not come back"),
        (steady(0, 12), "ends 18 s before"),
    ],
)
def test_a_record_with_holes_is_no_measure(requests: list[Request], reason: str) -> None:
    view = view_client(requests, 10, 29, "dublin")
    assert reason in str(view.why_not) and view.longest_stall_seconds is None


def test_lines_that_cannot_be_read_are_left_out() -> None:
    good = json.dumps({"at": 1, "seconds": 0.1, "ok": True, "id": "a", "kind": "order", "site": "x", "error": None})
    assert len(read_requests(f'{good}\n{{"at": 2\n[]\n{good[:20]}')) == 1


def test_nothing_lost_is_zero_seconds_and_one_lost_order_is_not() -> None:
    requests = steady(0, 10)
    ids = {request.id for request in requests if request.id}
    assert reconcile(requests, ids)["lost_seconds"] == 0.0
    lost = reconcile(requests, ids - {"o-9.0"})
    assert (lost["lost"], lost["lost_ids"], lost["lost_seconds"]) == (1, ["o-9.0"], 1.0)


def test_only_what_was_acknowledged_can_be_lost() -> None:
    assert reconcile([order(1.0, ok=False)], set())["lost"] == 0


@given(REQUESTS, st.sets(st.integers(0, 39)))
def test_acknowledged_is_present_plus_lost(requests: list[Request], missing: set[int]) -> None:
    present = {request.id for index, request in enumerate(requests) if index not in missing and request.id}
    counts = reconcile(requests, present)
    assert counts["acknowledged"] == counts["present"] + counts["lost"]
    assert (counts["lost"] > 0) == (counts["lost_seconds"] > 0)


@given(st.text())
def test_a_packed_text_comes_back_as_it_was(text: str) -> None:
    assert unpack(pack(text)) == text


def test_a_damaged_packed_text_is_refused() -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack("AAAA" + pack("x"))


def written(request: Request) -> str:
    return json.dumps({**request.__dict__}) + "\n"


def test_a_long_record_is_read_from_its_end_back_to_a_good_write(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    requests = [order(at / 10, ok=not 15000 < at < 19000) for at in range(20000)]
    record.write_text("".join(map(written, requests)) + '{"at": 1', encoding="utf-8")
    read = read_requests(read_back(str(record), 1800.0))
    assert read[-1].at == 1999.9
    assert any(request.ok and request.at < 1501 for request in read)
    assert len(read) < 15000


def test_a_missing_record_is_an_answer(tmp_path: Path) -> None:
    answer = describe_record(str(tmp_path / "none"), 0)
    assert answer["available"] is False and "No such file" in answer["why_not"] and unpack(answer["record"]) == ""
