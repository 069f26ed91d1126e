# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import (
    as_utc,
    error_of,
    kept_of_result,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.reading import as_epoch, read_lines
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.writer import JournalFile


def test_evidence_is_kept_and_the_invocation_is_not() -> None:
    kept = kept_of_result({"recovery": {"before": 1}, "invocation": {"module_args": {"x": "y"}}}, sets_facts=False)
    assert kept == {"recovery": {"before": 1}}


def test_only_facts_of_the_plan_are_kept() -> None:
    result = {"ansible_facts": {"recovery_moved": True, "other": 1}}
    assert kept_of_result(result, sets_facts=True) == {"facts": {"recovery_moved": True}}
    assert kept_of_result(result, sets_facts=False) == {}


def test_a_loop_is_counted_and_its_evidence_gathered() -> None:
    results = [{"recovery": {"n": 1}, "changed": True}, {"skipped": True}, {"failed": True, "msg": "no"}]
    kept = kept_of_result({"results": results}, sets_facts=False)
    assert kept["items"] == {"count": 3, "changed": 1, "failed": 1, "skipped": 1}
    assert kept["recovery"] == [{"n": 1}]


def test_a_failed_loop_speaks_through_its_first_failed_item() -> None:
    results = [{"changed": True}, {"failed": True, "msg": "disk full", "error_code": "DR-SPACE"}]
    error = error_of({"msg": "One or more items failed", "results": results})
    assert error == {"error_code": "DR-SPACE", "msg": "disk full"}


def test_a_hidden_failure_still_has_a_message() -> None:
    assert error_of({"censored": "hidden"})["msg"] == "hidden"
    assert error_of({})["msg"]


def test_an_instant_is_read_as_it_was_written() -> None:
    assert as_epoch(as_utc(1795363183.123)) == pytest.approx(1795363183.123, abs=0.001)


def test_a_continued_journal_goes_on_counting_and_closes_a_cut_off_line(tmp_path: Path) -> None:
    first = JournalFile(str(tmp_path), "run-1")
    first.append({"event": "run"}, durable=True)
    first.close()
    path = tmp_path / "run-1.jsonl"
    with path.open("a", encoding="utf-8") as torn:
        torn.write('{"event": "resu')
    second = JournalFile(str(tmp_path), "run-1")
    second.append({"event": "end"}, durable=True)
    second.close()
    lines, unreadable = read_lines(path.read_text(encoding="utf-8"))
    assert [(line["event"], line["seq"]) for line in lines] == [("run", 0), ("end", 1)]
    assert unreadable == 1


def test_a_line_is_one_line_whatever_it_carries(tmp_path: Path) -> None:
    journal = JournalFile(str(tmp_path), "run-2")
    journal.append({"event": "result", "error": {"msg": "one\ntwo\u2028three"}, "odd": {1, 2}}, durable=False)
    journal.close()
    written = (tmp_path / "run-2.jsonl").read_text(encoding="utf-8")
    assert written.count("\n") == 1
    assert json.loads(written)["error"]["msg"] == "one\ntwo\u2028three"


def test_the_journal_is_not_for_everybody(tmp_path: Path) -> None:
    journal = JournalFile(str(tmp_path / "new"), "run-3")
    journal.close()
    assert (tmp_path / "new" / "run-3.jsonl").stat().st_mode & 0o007 == 0
