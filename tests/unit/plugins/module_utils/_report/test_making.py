# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import as_utc
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.build import build_series
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.copying import files_of_bundle
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.making import (
    Sources,
    files_of_options,
    report_of_run,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.page import (
    render_page,
    render_series_page,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.terminal import (
    render_series_text,
    render_text,
)

BEGIN = 1795363183.0
CHECKS = [{"name": "the shop answers", "passed": True, "observed": "200", "expected": "200", "seconds": 0.03}]
DECLARED = {
    "plan": "failover",
    "mode": "planned",
    "group": "storefront",
    "source": "frankfurt",
    "target": "dublin",
    "objectives": {"rto_seconds": 30, "rpo_seconds": 5},
}
DEMANDED = ["plan", "mode", "source", "target", "status", "verdict", "wall_seconds", "steps", "rto", "rpo", "client"]


def journal(*, check: bool = False, declared: dict[str, Any] | None = None, **facts: Any) -> str:
    said = {"recovery_status": "succeeded", "recovery_validation": CHECKS, **facts}
    place: dict[str, Any] = {"play": "Move", "step": "database", "entry": "main", "host": "dub-db1", "check": check}
    lines: list[dict[str, Any]] = [
        {"event": "run", "outcome": "begun", "check": check},
        {"event": "result", "outcome": "ok", "facts": {"recovery_run": declared or DECLARED}},
        {"event": "task", "outcome": "begun", **place},
        {"event": "result", "outcome": "changed", **place},
        {"event": "result", "outcome": "ok", "facts": said},
    ]
    named = [
        {"run_id": "run-1", "plan": "failover", "at": as_utc(BEGIN + 2 * second), **line}
        for second, line in enumerate(lines)
    ]
    return "".join(json.dumps(line) + "\n" for line in named)


def record(*, failed_from: float = 0.0, failed_until: float = 0.0) -> str:
    lines = []
    for index in range(600):
        at = index / 20 - 20
        ok = not failed_from <= at < failed_until
        line = {"at": BEGIN + at, "seconds": 0.01, "ok": ok, "id": f"o{index}", "kind": "order", "site": "dublin"}
        lines.append({**line, "error": None if ok else "<refused>"})
    return "".join(json.dumps(line) + "\n" for line in lines)


def compared(lost: int = 0, seconds: float = 0.0) -> dict[str, Any]:
    return {
        "acknowledged": 600,
        "present": 600 - lost,
        "lost": lost,
        "lost_ids": ["o1"][:lost],
        "lost_seconds": seconds,
    }


def made(text: str, **sources: Any) -> dict[str, Any]:
    return report_of_run(Sources(text, **sources))


def good() -> dict[str, Any]:
    return made(journal(), probe_record=record(), reconciliation=compared())


def test_a_report_has_every_demanded_figure() -> None:
    report = good()
    assert all(key in report for key in DEMANDED)
    assert report["verdict"] == "verified" and report["reasons"] == []
    assert report["rto"]["objective_seconds"] == 30 and report["rto"]["achieved_seconds"] == pytest.approx(0.05)
    assert report["rpo"]["achieved_seconds"] == 0.0 and report["rpo"]["acknowledged_lost"] == 0
    assert report["client"]["failed_requests"] == 0
    assert report["client"]["longest_stall_ms"] == pytest.approx(50, abs=1)


def test_a_restore_of_a_system_tells_what_it_left_out() -> None:
    parts = {"completed": 1, "total": 1, "left_out": ["ledger", "baskets"]}
    report = made(journal(recovery_parts=parts))
    assert report["parts"] == parts
    assert "1 of 1 were put in place; left out: ledger, baskets" in " ".join(render_text(report).split())


def test_what_was_not_measured_is_never_zero() -> None:
    report = made(journal())
    assert report["rto"]["achieved_seconds"] is None and report["rpo"]["acknowledged_lost"] is None
    assert report["client"]["requests"] is None and report["plan_seconds"] is None
    assert report["verdict"] == "not_verified"
    assert "not measured" in render_text(report)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (journal(recovery_status="parked"), "parked"),
        (journal(recovery_status=None), "has not said how it ended"),
        (journal(recovery_validation=[]), "nothing was validated"),
        (journal(recovery_validation=[{"name": "replication", "passed": None}]), "replication"),
        (journal(declared={**DECLARED, "objectives": {"rto_seconds": 0.01}}), "RTO missed"),
    ],
)
def test_a_run_is_verified_only_when_everything_held(text: str, reason: str) -> None:
    report = made(text, probe_record=record(), reconciliation=compared())
    assert report["verdict"] == "not_verified"
    assert any(reason in said for said in report["reasons"])


def test_an_order_lost_by_a_planned_move_stands_against_it() -> None:
    report = made(journal(), probe_record=record(), reconciliation=compared(1, 0.05))
    assert report["verdict"] == "not_verified"
    emergency = journal(declared={**DECLARED, "mode": "emergency"})
    assert made(emergency, probe_record=record(), reconciliation=compared(1, 0.05))["verdict"] == "verified"


def test_a_comparison_that_could_not_be_made_says_why() -> None:
    report = made(journal(), probe_record=record(), reconciliation={"lost": None, "why_not": "the socket is gone"})
    assert "RPO not measured: the socket is gone" in report["reasons"]


def test_check_mode_is_not_run_whatever_it_saw() -> None:
    report = made(journal(check=True), probe_record=record(), reconciliation=compared())
    assert report["verdict"] == "not_run"


def test_a_plan_that_moves_nothing_needs_no_client() -> None:
    backup = {**DECLARED, "plan": "backup", "mode": None, "source": None, "target": None}
    report = made(journal(declared=backup))
    assert report["verdict"] == "verified" and report["rto"]["objective_seconds"] is None


def test_an_outage_is_the_achieved_recovery_time() -> None:
    report = made(journal(), probe_record=record(failed_from=-3, failed_until=4), reconciliation=compared())
    assert report["outage_seconds"] == pytest.approx(7.05, abs=0.01)
    assert report["rto"]["achieved_seconds"] == report["outage_seconds"]
    assert report["client"]["errors"] == {"<refused>": 140}


def test_several_runs_are_verified_when_each_is() -> None:
    other = made(journal(recovery_status="undone"))
    assert build_series([good(), good()], "Demo")["verdict"] == "verified"
    assert build_series([good(), other], "Demo")["verdict"] == "not_verified"
    assert build_series([], "Demo")["verdict"] == "not_run"


def test_the_summary_fits_a_terminal() -> None:
    incidents = [f"incident {number} " + "x" * 300 for number in range(30)]
    text = render_text(made(journal(recovery_incidents=incidents, recovery_status="parked")), "/tmp/report.html")
    assert len(text.splitlines()) <= 20 and max(map(len, text.splitlines())) <= 125
    assert len(render_series_text(build_series([good()] * 40, "Demo")).splitlines()) <= 20


class Tags(HTMLParser):
    """Collects what a browser would act on, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.references: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.open.append(tag)
        self.references += [value or "" for key, value in attrs if key in ("href", "src", "srcset", "action")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("page", [render_page(good()), render_series_page(build_series([good(), good()], "Demo"))])
def test_a_page_needs_nothing_but_itself(page: str) -> None:
    tags = Tags(page)
    assert tags.open == []
    assert not tags.names & {"script", "link", "img", "iframe", "object"}
    assert all(reference.startswith("#") for reference in tags.references)
    assert not re.search(r"url\(|@import|https?:", page)
    assert {"title", "desc", "svg"} <= tags.names


def test_a_page_shows_hostile_text_as_text() -> None:
    hostile = "<script>alert(1)</script>"
    report = made(
        journal(recovery_incidents=[hostile], recovery_validation=[{"name": hostile, "passed": False}]),
        probe_record=record(failed_from=1, failed_until=2),
    )
    page = render_page(report)
    assert "<script" not in page and "&lt;script&gt;" in page


def test_the_same_journal_gives_the_same_report() -> None:
    assert render_page(good()) == render_page(good())


def options(tmp_path: Path, **given: Any) -> dict[str, Any]:
    path = tmp_path / "run-1.jsonl"
    path.write_text(journal(), encoding="utf-8")
    nothing = dict.fromkeys(("probe_record", "probe_lines", "reconciliation", "runs", "name"))
    return {**nothing, "journal": str(path), "directory": str(tmp_path / "out"), "title": "Demo", **given}


def test_files_are_written_once_and_can_be_carried_to_another_host(tmp_path: Path) -> None:
    files = files_of_options(options(tmp_path))
    before = files.describe()
    assert set(before.values()) == {None}
    files.apply(before, files.plan(before))
    assert files.describe() == files.plan(files.describe())
    copy = files_of_bundle(files.returned["bundle"], tmp_path / "elsewhere")
    copy.apply(copy.describe(), copy.plan(copy.describe()))
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir()) == [
        "run-1.html",
        "run-1.json",
        "run-1.jsonl",
    ]
    assert (tmp_path / "elsewhere" / "run-1.jsonl").read_text(encoding="utf-8") == journal()


def test_reports_of_several_runs_are_joined(tmp_path: Path) -> None:
    one = files_of_options(options(tmp_path))
    one.apply(one.describe(), {})
    path = str(tmp_path / "out" / "run-1.json")
    joined = files_of_options(options(tmp_path, runs=[path, path], name="demo"))
    assert len(json.loads(joined.texts["demo.json"])["runs"]) == 2


def test_a_file_name_cannot_leave_the_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="plain file name"):
        files_of_bundle({"../etc/passwd": ""}, tmp_path)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreconditionError, match="nowhere"):
        files_of_options(options(tmp_path, journal=str(tmp_path / "nowhere")))
    with pytest.raises(InputError, match="RECOVERY_JOURNAL"):
        files_of_options(options(tmp_path, journal=None))
    with pytest.raises(InputError, match="probe_lines"):
        files_of_options(options(tmp_path, probe_lines="?"))
