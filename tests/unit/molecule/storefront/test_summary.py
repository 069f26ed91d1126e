"""The load client's figures: failures are counted, gaps and stalls are not hidden, losses are named."""

from __future__ import annotations

import json
from pathlib import Path

from storefront.load.record import Entry, Record, entries
from storefront.load.summary import reconciliation, summary


def order(at: float, seconds: float = 0.01, error: str | None = None, site: str = "frankfurt") -> Entry:
    return Entry(at, seconds, error is None, f"order-{at}", "order", None if error else site, error)


def test_an_empty_record_has_no_figures_but_zeros() -> None:
    assert summary([]) == {"requests": 0, "failed_requests": 0}


def test_failed_requests_are_counted_with_their_reasons() -> None:
    figures = summary([order(1.0), order(2.0, error="no answer in time"), order(3.0, error="no answer in time")])
    assert (figures["requests"], figures["failed_requests"], figures["acknowledged_orders"]) == (3, 2, 1)
    assert figures["errors"] == {"no answer in time": 2}


def test_the_gap_lies_between_the_ends_of_good_orders() -> None:
    figures = summary([order(1.0), order(1.5, error="refused"), order(3.0, seconds=0.5)])
    assert figures["longest_gap_ms"] == 2490.0
    assert figures["longest_gap_began_at"] == 1.01


def test_a_shop_that_never_comes_back_shows_as_a_gap_until_the_end_of_the_record() -> None:
    figures = summary([order(1.0), order(2.0, error="refused"), order(9.0, seconds=2.0, error="no answer in time")])
    assert figures["longest_gap_ms"] == 9990.0


def test_a_good_read_does_not_end_a_gap_of_orders() -> None:
    read = Entry(2.0, 0.01, True, None, "read", "frankfurt", None)
    assert summary([order(1.0), read, order(3.0)])["longest_gap_ms"] == 2000.0


def test_the_longest_stall_is_the_longest_request_failed_ones_included() -> None:
    figures = summary([order(1.0, seconds=0.3), order(2.0, seconds=2.0, error="no answer in time")])
    assert figures["longest_stall_ms"] == 2000.0
    assert figures["latency_ms"]["max"] == 300.0


def test_sites_count_acknowledged_orders_only() -> None:
    record = [order(1.0), order(2.0, site="dublin"), order(3.0, site="dublin"), order(4.0, error="refused")]
    assert summary(record)["sites"] == {"frankfurt": 1, "dublin": 2}


def test_a_lost_order_is_one_that_was_acknowledged_and_is_absent() -> None:
    record = [order(1.0), order(2.0), order(3.0, error="no answer in time"), order(4.0, error="refused")]
    found = reconciliation(record, {"order-1.0", "order-3.0", "another"})
    assert (found["acknowledged"], found["present"], found["lost"]) == (2, 1, 1)
    assert found["lost_ids"] == ["order-2.0"]
    assert found["present_but_not_acknowledged"] == 1


def test_a_record_is_read_back_as_it_was_written_and_only_the_asked_part(tmp_path: Path) -> None:
    path, acknowledged = tmp_path / "probe" / "record.jsonl", tmp_path / "acknowledged"
    first = Record(path, None)
    first.add(order(1.0))
    first.close()
    second = Record(path, acknowledged)
    second.add(order(2.0))
    second.add(order(3.0, error="refused"))
    second.close()
    assert list(entries(path, offset=second.begins_at)) == [order(2.0), order(3.0, error="refused")]
    assert [entry.at for entry in entries(path, since=2.0, until=2.5)] == [2.0]
    assert acknowledged.read_text().split() == ["order-2.0"]


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    record = Record(path, None)
    record.add(order(1.0))
    record.close()
    with path.open("a") as lines:
        lines.write(json.dumps({"at": 2.0})[:-1])
    assert list(entries(path)) == [order(1.0)]
