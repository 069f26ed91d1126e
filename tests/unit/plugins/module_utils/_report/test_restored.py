# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run restored or has to say of its backups stands where people look."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import as_utc, evidence_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.making import Sources, report_of_run
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.page import render_page
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.terminal import render_text
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_preview import restore_preview

BEGIN = 1795363183.0
PREFLIGHT = [
    {"check": "backup", "passed": True, "observed": "20260102-030405F, checked", "required": "undamaged"},
    {"check": "space", "passed": True, "observed": "7000 bytes free", "required": "2000 bytes"},
]
LOOKED: dict[str, Any] = {
    "stanza": "orders",
    "repository": "vault",
    "backup": "20260102-030405F",
    "target": {"type": "time", "value": "2026-01-02T08:59:59Z"},
    "reached": None,
    "preflight": PREFLIGHT,
}
REACHED = {"lsn": "0/8FFF2A0", "at": "2026-01-02T08:59:58Z", "timeline": 2, "by": "recovery stopping before commit"}
RESTORED = {**LOOKED, "reached": REACHED, "kept": "/var/lib/main.pre-1", "notes": ["Its tablespaces lie elsewhere"]}
STRUCTURE: dict[str, Any] = {
    "level": "everything",
    "structure": "no index is damaged",
    "pages": None,
    "checks": [],
    "not_proven": [],
}


def report_of(*evidence: Any, plan: str = "restore", check: bool = False) -> dict[str, Any]:
    """The report of a run whose tasks left this evidence, one after the other."""
    asked = {"plan": plan, "group": "storefront", "mode": None, "source": None, "target": "frankfurt"}
    lines: list[dict[str, Any]] = [
        {"event": "run", "outcome": "begun", "check": check},
        {"event": "result", "outcome": "ok", "facts": {"recovery_run": asked}},
        *({"event": "result", "outcome": "ok", "host": "fra-db1", "recovery": each} for each in evidence),
        {"event": "result", "outcome": "ok", "facts": {"recovery_status": "succeeded"}},
    ]
    named = [{"run_id": "r", "plan": plan, "at": as_utc(BEGIN + number), **line} for number, line in enumerate(lines)]
    return report_of_run(Sources("".join(json.dumps(line) + "\n" for line in named)))


def words_of(report: dict[str, Any]) -> str:
    return " ".join(render_text(report).split())


def test_a_restore_is_told_once_with_its_backup_the_moment_that_was_asked_for_and_the_one_that_was_reached() -> None:
    report = report_of(LOOKED, RESTORED)
    [restore] = report["restores"]
    assert (restore["backup"], restore["reached"], restore["preflight"]) == ("20260102-030405F", REACHED, PREFLIGHT)
    said = "orders on fra-db1 from vault, backup 20260102-030405F, to time 2026-01-02T08:59:59Z: reached"
    assert said in words_of(report)
    page = render_page(report)
    for told in ("20260102-030405F", "2026-01-02T08:59:59Z", "on timeline 2", "7000 bytes free", "/var/lib/main.pre-1"):
        assert told in page


def test_a_verdict_about_many_things_stands_line_by_line() -> None:
    observed = "orders: copies 2 of 3 (live; archive); orders: immutable 0 of 1; ledger: errors 1"
    page = render_page(report_of({"checks": [{"name": "the policy", "passed": False, "observed": observed}]}))
    lines = ["orders: copies 2 of 3 (live; archive)", "orders: immutable 0 of 1", "ledger: errors 1"]
    assert "".join(f"<div>{line}</div>" for line in lines) in page


def test_a_restore_without_any_check_is_not_verified_and_says_so() -> None:
    report = report_of(LOOKED, RESTORED)
    assert (report["status"], report["verdict"]) == ("succeeded", "not_verified")
    assert "succeeded, not verified" in words_of(report) and "it has no checks" in words_of(report)


def test_a_restore_is_verified_by_what_was_asked_of_it_and_by_how_it_was_looked_through() -> None:
    assert report_of({**RESTORED, "proof": STRUCTURE})["verdict"] == "verified"
    asked = {**STRUCTURE, "structure": None, "checks": [{"name": "orders are there", "passed": True}]}
    report = report_of({**RESTORED, "proof": asked}, {"checks": [{"name": "it is served", "passed": True}]})
    assert {check["name"] for check in report["checks"]} == {"orders: orders are there", "it is served"}
    assert report["verdict"] == "verified"
    blind = {**STRUCTURE, "structure": None, "pages": "not possible: no checksums"}
    assert report_of({**RESTORED, "proof": blind})["verdict"] == "not_verified"


def test_a_rehearsed_restore_shows_what_it_would_do_and_reached_nothing() -> None:
    report = report_of(LOOKED, check=True)
    assert report["verdict"] == "not_run" and "not reached" in words_of(report)


def test_a_backup_that_restores_nothing_needs_no_check() -> None:
    taken = {"stanza": "orders", "repository": "vault", "backup": "20260102-030405F", "notes": []}
    report = report_of([taken], plan="backup")
    assert (report["verdict"], report["restores"], report["notes"]) == ("verified", [], [])


def test_notes_name_their_source_and_reach_the_terminal_and_the_page_as_far_as_there_is_room() -> None:
    noted = [{"stanza": "orders", "repository": "vault", "notes": ["A full backup was taken instead of incremental"]}]
    noted += [{"stanza": f"files.{n}", "repository": "archive", "notes": ["3 paths changed"]} for n in range(70)]
    report = report_of(noted[0], *([each] for each in noted[1:]), plan="backup")
    assert report["notes"][0] == "orders in vault: A full backup was taken instead of incremental"
    assert len(report["notes"]) == 51 and report["notes"][-1] == "21 more stand in the journal"
    assert report["notes"][0] in words_of(report) and "... 48 more in the report" in words_of(report)
    assert report["notes"][49] in render_page(report)


def test_what_a_loop_has_to_say_is_not_cut_off_with_the_rest_of_it() -> None:
    silent = [{"recovery": {"stanza": f"s{number}", "notes": []}} for number in range(40)]
    kept = evidence_of({"results": [*silent, {"recovery": {"stanza": "last", "notes": ["Unusual (grown)"]}}]})
    assert kept[0]["stanza"] == "last" and len(kept) == 20


def test_a_preview_says_from_which_backup_to_which_moment_and_all_that_was_looked_at() -> None:
    backup = {"id": "20260102-030405F", "strategy": "full", "age_seconds": 7200.0}
    result = {**LOOKED, "recovery": LOOKED, "directory": "/var/lib/beside", "backup": backup}
    lines = restore_preview(result)
    assert lines[0].startswith(
        "orders into /var/lib/beside from vault, full backup 20260102-030405F, 2 h 0 min old, to"
    )
    assert lines[0].endswith("to time 2026-01-02T08:59:59Z") and "space: 7000 bytes free" in lines[2]
    assert restore_preview({"results": [result, {"skipped": True}]}) == lines
