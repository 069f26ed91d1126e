# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.folding import fold
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.line import as_utc
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.reading import read_lines

BEGIN = 1795363183.0
Line = dict[str, Any]


def line(second: float, event: str, **values: Any) -> Line:
    return {"run_id": "r", "plan": "failover", "event": event, "at": as_utc(BEGIN + second), **values}


def result(second: float, outcome: str = "ok", **values: Any) -> Line:
    return line(second, "result", outcome=outcome, **{"play": "Move", "step": "fence", "entry": "main", **values})


def task(second: float, **values: Any) -> Line:
    return line(second, "task", outcome="begun", **{"play": "Move", "step": "fence", "entry": "main", **values})


EVENTS = st.builds(
    lambda event, outcome, step, entry, play, host, ignored, facts: line(
        1, event, outcome=outcome, step=step, entry=entry, play=play, host=host, ignored=ignored, facts=facts
    ),
    st.sampled_from(["run", "play", "task", "result", "end"]),
    st.sampled_from(["begun", "ok", "changed", "failed", "unreachable", "skipped"]),
    st.sampled_from([None, "fence", "traffic"]),
    st.sampled_from([None, "main", "undo"]),
    st.sampled_from([None, "Move", "Arrive"]),
    st.sampled_from([None, "a", "b"]),
    st.booleans(),
    st.none()
    | st.dictionaries(st.sampled_from(["recovery_moved", "recovery_incidents", "recovery_status"]), st.just([])),
)


@given(st.lists(EVENTS, min_size=1, max_size=30))
def test_any_lines_fold_into_a_run_with_a_known_status(lines: list[Line]) -> None:
    run = fold(lines)
    assert run.status in ("succeeded", "failed", "undone", "parked", "running")
    assert sum(step.tasks for step in run.steps) <= sum(each["event"] == "task" for each in lines)
    assert run.last_at >= run.begun_at


@given(st.lists(EVENTS, min_size=1, max_size=10), st.integers(min_value=0))
def test_a_journal_cut_off_anywhere_gives_all_its_whole_lines(lines: list[Line], cut: int) -> None:
    text = "".join(json.dumps(each) + "\n" for each in lines)
    kept = text[: cut % (len(text) + 1)]
    read, unreadable = read_lines(kept)
    assert read == lines[: len(read)]
    assert len(read) >= kept.count("\n") and unreadable <= 1


def test_tasks_of_one_role_are_one_step_with_all_its_hosts() -> None:
    lines = [task(0), result(1, host="a"), result(2, "changed", host="b"), task(2), result(4, host="a")]
    (step,) = fold(lines).steps
    assert (step.name, step.outcome, step.tasks, step.hosts) == ("fence", "changed", 2, {"a", "b"})
    assert step.ended_at - step.begun_at == 4


def test_bookkeeping_between_roles_is_no_step_but_a_play_without_roles_is() -> None:
    lines = [
        task(0, play="Who answers", step=None, entry=None),
        task(1, step=None, entry=None),
        task(2),
        task(3, step="traffic"),
    ]
    assert [step.name for step in fold(lines).steps] == ["Who answers", "fence", "traffic"]


def test_an_undo_is_a_step_of_its_own_and_marks_what_it_undid() -> None:
    lines = [task(0), result(1, "changed"), task(2, entry="undo"), result(3, "changed", entry="undo")]
    run = fold(lines)
    assert [(step.is_undo, step.is_undone) for step in run.steps] == [(False, True), (True, False)]
    assert run.status == "undone"


def test_an_undo_that_failed_undid_nothing() -> None:
    run = fold([task(0), result(1), task(2, entry="undo"), result(3, "failed", entry="undo")])
    assert not run.steps[0].is_undone


def test_a_step_without_any_result_is_left_as_begun() -> None:
    assert fold([task(0)]).steps[0].outcome == "begun"


def test_a_host_that_may_be_silent_is_not_a_failure() -> None:
    run = fold([result(1, "unreachable", ignored=True), line(2, "end", outcome="ok")])
    assert run.failures == [] and run.status == "succeeded"


def test_what_the_plan_said_wins_over_what_its_lines_suggest() -> None:
    lines = [result(1, "failed"), result(2, facts={"recovery_status": "parked"}), line(3, "end", outcome="ok")]
    assert fold(lines).status == "parked"


def test_silence_is_never_success() -> None:
    assert fold([line(0, "run"), result(1)]).status == "running"


def test_a_run_that_was_continued_ends_with_its_second_end() -> None:
    lines = [line(0, "run"), line(1, "end", outcome="failed"), line(2, "run"), result(3)]
    assert fold(lines).end is None


def test_incidents_of_several_hosts_add_up() -> None:
    lines = [result(1, facts={"recovery_incidents": ["a"]}), result(2, facts={"recovery_incidents": ["b"]})]
    assert fold(lines).facts["recovery_incidents"] == ["a", "b"]


def test_proofs_and_checks_are_found_in_the_evidence_of_modules() -> None:
    proof = {"site": "frankfurt", "level": 3, "method": "power"}
    checks = [{"name": "x", "passed": True}]
    run = fold([result(1, recovery={"fence_proof": proof}), result(2, recovery=[proof, {"checks": checks}])])
    assert run.proofs == [proof] and run.checks == checks


def test_a_switchover_proves_a_fence_for_each_database() -> None:
    proof = {"site": "frankfurt", "level": 2, "method": "switchover"}
    assert fold([result(1, recovery={"fence_proofs": {"orders": proof}})]).proofs == [proof]
