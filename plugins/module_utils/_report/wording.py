# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""How figures are said, alike in the terminal and on the page; pure."""

from __future__ import annotations

from typing import Any

NOT_MEASURED = "not measured"


def say_seconds(seconds: float | None) -> str:
    """Three significant figures are enough to compare, a unit makes them readable."""
    if seconds is None:
        return NOT_MEASURED
    if seconds == 0:
        return "0 s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def say_count(count: int | None, noun: str) -> str:
    """``1 order``, ``2,300 orders``, or that nobody counted."""
    if count is None:
        return NOT_MEASURED
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def say_bytes(size: int | float | None) -> str:
    if size is None:
        return "unknown"
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def say_verdict(verdict: str) -> str:
    return verdict.replace("_", " ")


def say_move(report: dict[str, Any]) -> str:
    """``planned failover frankfurt → dublin``, as far as it is known."""
    words = [report.get("mode"), report.get("plan")]
    name = " ".join(str(word) for word in words if word and word != "null")
    source, target = report.get("source"), report.get("target")
    if source and target:
        return f"{name} {source} → {target}"
    return f"{name} at {target or source}" if target or source else name


def say_loss(estimate: Any) -> str:
    """The loss estimate in one line."""
    if not isinstance(estimate, dict):
        return "none was made"
    if estimate.get("known") is False:
        return "unknown, which counts as over the objective"
    said = [say_bytes(estimate["bytes"])] if estimate.get("bytes") is not None else []
    if estimate.get("transactions") is not None:
        said.append(say_count(int(estimate["transactions"]), "transaction"))
    if estimate.get("seconds") is not None:
        said.append(say_seconds(float(estimate["seconds"])))
    return ", ".join(said) or "unknown"


def say_parts(report: dict[str, Any]) -> list[str]:
    """How many parts of a system were put in place, and which were left out; nothing for a run that restored none."""
    parts = report.get("parts")
    if not parts:
        return []
    taken_back = ", and taken back" if report["status"] == "undone" else ""
    left_out = f"; left out: {', '.join(parts['left_out'])}" if parts.get("left_out") else ""
    return [f"{parts['completed']} of {parts['total']} were put in place{taken_back}{left_out}"]


def say_restores(report: dict[str, Any]) -> list[str]:
    """Of each restore what it came from, which moment was asked for, and which one was reached."""
    return [_say_restore(each) for each in report.get("restores") or []]


def _say_restore(restore: dict[str, Any]) -> str:
    backup = f"backup {restore['backup']}" if restore.get("backup") else "as an earlier call restored it"
    origin = f"{restore['stanza']} on {restore['host']} from {restore['repository']}, {backup}"
    return f"{origin}, to {say_target(restore['target'])}: {say_reached(restore['reached'])}"


def say_target(target: Any) -> str:
    """The moment that was asked for; a time carries its zone."""
    if not isinstance(target, dict) or not target.get("type"):
        return "an unknown moment"
    return str(target["type"]) if target.get("value") is None else f"{target['type']} {target['value']}"


def say_reached(reached: Any) -> str:
    """Where a restore ended, as far as its engine says so."""
    if not isinstance(reached, dict):
        return "not reached"
    at = reached.get("at") or reached.get("log_position") or reached.get("lsn") or "its end"
    timeline = f" on timeline {reached['timeline']}" if reached.get("timeline") else ""
    return f"reached {at}{timeline}"
