# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a line of the journal keeps of a task's result; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.redaction import without_secrets

Result = dict[str, Any]
Line = dict[str, Any]

_ERROR_KEYS = ("error_code", "msg", "cause", "next_action", "data_state", "retry_safe", "completed_steps")
_MOST_ITEMS = 20


def as_utc(epoch_seconds: float) -> str:
    """An instant as the journal writes it: ISO 8601, UTC, milliseconds."""
    moment = datetime.fromtimestamp(epoch_seconds, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def kept_of_result(result: Result, *, sets_facts: bool) -> Line:
    """Evidence, facts, statistics and the summary of a loop; never the invocation."""
    kept: Line = {"recovery": evidence_of(result)}
    if sets_facts:
        facts = result.get("ansible_facts") or {}
        kept["facts"] = {key: value for key, value in facts.items() if str(key).startswith("recovery_")}
    statistics = result.get("ansible_stats")
    if isinstance(statistics, dict):
        kept["stats"] = statistics.get("data")
    kept["items"] = items_of(result)
    cleaned: Line = without_secrets({key: value for key, value in kept.items() if value})
    return cleaned


def evidence_of(result: Result) -> Any:
    """The module's own evidence; of a loop, the evidence of its items."""
    if result.get("recovery"):
        return result["recovery"]
    found = [item["recovery"] for item in _looped(result) if item.get("recovery")]
    # Those with something to say first: what is cut off must not be what a person should know.
    return sorted(found, key=lambda each: not (isinstance(each, dict) and each.get("notes")))[:_MOST_ITEMS]


def items_of(result: Result) -> dict[str, int]:
    """How the items of a loop ended, counted; empty when there was no loop."""
    looped = _looped(result)
    if not looped:
        return {}
    return {
        "count": len(looped),
        "changed": sum(1 for item in looped if item.get("changed")),
        "failed": sum(1 for item in looped if item.get("failed")),
        "skipped": sum(1 for item in looped if item.get("skipped")),
    }


def error_of(result: Result) -> Line:
    """The failure in the shape of the one exception tree; a failed loop speaks through its first failed item."""
    failed = next((item for item in _looped(result) if item.get("failed") or item.get("unreachable")), result)
    error = {key: failed[key] for key in _ERROR_KEYS if failed.get(key) not in (None, "", [])}
    if "msg" not in error:
        error["msg"] = (
            failed.get("censored") or failed.get("stderr") or failed.get("module_stderr") or "no reason given"
        )
    if "rc" in failed:
        error["rc"] = failed["rc"]
    cleaned: Line = without_secrets(error)
    return cleaned


def _looped(result: Result) -> list[Result]:
    results = result.get("results")
    return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []
