"""What the record says in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from storefront.load.record import Entry

LOST_SHOWN = 20


def summary(record: Iterable[Entry]) -> dict[str, Any]:
    """Requests, failures, the longest time without a good order, and the longest single request."""
    entries = sorted(record, key=lambda entry: entry.at)
    if not entries:
        return {"requests": 0, "failed_requests": 0}
    orders = [entry for entry in entries if entry.kind == "order"]
    gap_seconds, gap_began_at = longest_gap(entries)
    return {
        "requests": len(entries),
        "failed_requests": sum(not entry.ok for entry in entries),
        "orders": len(orders),
        "acknowledged_orders": sum(entry.ok for entry in orders),
        "longest_gap_ms": milliseconds(gap_seconds),
        "longest_gap_began_at": gap_began_at,
        "longest_stall_ms": milliseconds(max(entry.seconds for entry in entries)),
        "latency_ms": latency([entry.seconds for entry in entries if entry.ok]),
        "sites": dict(Counter(entry.site for entry in orders if entry.ok and entry.site)),
        "errors": dict(Counter(entry.error for entry in entries if entry.error).most_common(10)),
        "first_at": entries[0].at,
        "last_at": max(entry.ended_at for entry in entries),
    }


def longest_gap(entries: list[Entry]) -> tuple[float, float]:
    """The longest time in which no order was acknowledged, and when it began.

    The begin and the end of the record count as bounds, so that orders that never came back show.
    """
    moments = sorted(entry.ended_at for entry in entries if entry.acknowledged_order)
    bounds = [min(entry.at for entry in entries), *moments, max(entry.ended_at for entry in entries)]
    return max((later - earlier, earlier) for earlier, later in zip(bounds, bounds[1:], strict=False))


def latency(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    if not ordered:
        return {}
    return {
        "median": milliseconds(ordered[len(ordered) // 2]),
        "p99": milliseconds(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]),
        "max": milliseconds(ordered[-1]),
    }


def reconciliation(record: Iterable[Entry], present: Collection[str]) -> dict[str, Any]:
    """Compare the acknowledged orders with those that are present; a lost one is acknowledged and absent."""
    orders = [entry for entry in record if entry.kind == "order" and entry.id]
    acknowledged = {str(entry.id) for entry in orders if entry.ok}
    tried = {str(entry.id) for entry in orders}
    lost = sorted(acknowledged - set(present))
    return {
        "acknowledged": len(acknowledged),
        "present": len(acknowledged) - len(lost),
        "lost": len(lost),
        "lost_ids": lost[:LOST_SHOWN],
        "present_but_not_acknowledged": len((tried - acknowledged) & set(present)),
    }


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
