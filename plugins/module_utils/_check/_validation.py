# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Running checks at the same time, again until they pass or time is over, and judging the whole."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import Check, Surroundings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.registry import (
    check_list_spec,
    check_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, RecoveryError

AGAIN_AFTER_SECONDS = 0.2
# A check that does not heed its deadline is given up this much later.
GRACE_SECONDS = 0.5


def validate_spec() -> dict[str, Any]:
    """The argument spec of validate."""
    return {
        "checks": check_list_spec(),
        "fail": {"type": "bool", "default": True},
        "wait_seconds": {"type": "float", "default": 0.0},
        "site": {"type": "str"},
        "records": {"type": "list", "elements": "dict", "default": []},
        "name_servers": {"type": "list", "elements": "str", "default": []},
        "name_server_port": {"type": "int", "default": 53},
        "unreachable_accepted": {"type": "list", "elements": "str", "default": []},
    }


@dataclass
class Running:
    """One check on its way; only its own thread writes ``result``."""

    name: str
    kind: str
    check: Check
    deadline_seconds: float
    result: dict[str, Any] = field(default_factory=dict)


def validate(options: dict[str, Any], *, without_future: bool) -> tuple[dict[str, Any], RecoveryError | None]:
    """The return values of validate, and the error that names every failed check."""
    entries = [entry for entry in options["checks"] if not (without_future and entry["future"])]
    not_run = [entry["name"] for entry in options["checks"] if without_future and entry["future"]]
    _require_distinct(options["checks"])
    surroundings = Surroundings(
        site=options["site"],
        name_servers=tuple(options["name_servers"]),
        name_server_port=options["name_server_port"],
        unreachable_accepted=frozenset(options["unreachable_accepted"]),
        records=tuple(options["records"]),
    )
    running = [_prepared(entry, surroundings) for entry in entries]
    _run_all(running, options["wait_seconds"])
    checks = [each.result for each in running]
    failed = [result for result in checks if not result["passed"]]
    results = {
        "checks": checks,
        "passed": not failed and bool(checks),
        "failed_checks": [result["name"] for result in failed],
        "not_run": not_run,
        "recovery": {"site": options["site"], "checks": checks, "not_run": not_run},
    }
    return results, _verdict(failed, checks) if failed and options["fail"] else None


def _require_distinct(entries: list[dict[str, Any]]) -> None:
    names = [entry["name"] for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise InputError(
            "read the option checks",
            cause=f"the name {twice[0]!r} is given twice" if twice else "there is no check, and nothing is no proof",
            next_action="Give each check a name of its own" if twice else "Give at least one check",
        )


def _prepared(entry: dict[str, Any], surroundings: Surroundings) -> Running:
    check = check_of(entry, surroundings)
    return Running(entry["name"], check.NAME, check, entry["deadline_seconds"])


def _run_all(running: list[Running], wait_seconds: float) -> None:
    """All at the same time; daemon threads, so that one that hangs cannot keep the module from ending."""
    patience = Deadline(wait_seconds)
    threads = [threading.Thread(target=_run, args=(each, patience), daemon=True) for each in running]
    for thread in threads:
        thread.start()
    for thread, each in zip(threads, running, strict=True):
        limit = Deadline(patience.remaining + each.deadline_seconds + GRACE_SECONDS)
        thread.join(limit.remaining)
        if thread.is_alive():
            each.result = _result(
                each, False, observed=f"no answer within {each.deadline_seconds:g} s", seconds=limit.seconds
            )


def _run(each: Running, patience: Deadline) -> None:
    started = time.monotonic()
    attempts = 0
    while True:
        attempts += 1
        result = _attempt(each)
        if result["passed"] or patience.is_over:
            break
        time.sleep(min(AGAIN_AFTER_SECONDS, patience.remaining))
    result.update(seconds=round(time.monotonic() - started, 4), attempts=attempts)
    each.result = result


def _attempt(each: Running) -> dict[str, Any]:
    """One look. Whatever goes wrong in it is a failed check: unproven counts as failed."""
    try:
        seen = each.check.observe(Deadline(each.deadline_seconds))
    except RecoveryError as error:
        return _result(each, False, observed=error.cause, cause=str(error), evidence=error.evidence)
    except Exception as error:
        # A thread that dies would leave no verdict at all.
        told = f"{type(error).__name__}: {error}"
        return _result(each, False, observed=told, cause=told)
    cause = None if seen.passed else f"expected {seen.expected}; observed {seen.observed}"
    return _result(
        each, seen.passed, observed=seen.observed, expected=seen.expected, cause=cause, evidence=seen.evidence
    )


def _result(each: Running, passed: bool, **seen: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "observed": None,
        "expected": None,
        "cause": seen.get("observed"),
        "evidence": {},
        "seconds": 0.0,
    }
    return {"name": each.name, "kind": each.kind, "passed": passed, **empty, "attempts": 1, **seen}


def _verdict(failed: list[dict[str, Any]], checks: list[dict[str, Any]]) -> RecoveryError:
    return RecoveryError(
        f"prove {len(failed)} of {len(checks)} checks",
        cause="; ".join(f"{result['name']}: {result['cause']}" for result in failed),
        next_action="Mend what they name and validate again",
        code="DR-CHECK",
        data_state="unknown",
    )
