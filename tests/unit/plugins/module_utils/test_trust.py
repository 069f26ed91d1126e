# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust rests on evidence about exactly this backup, and falls when the evidence is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.plugins.module_utils._engine.records import backup

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import failure, success
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, parse_instant
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger

RECORD = backup("F1", 2, 2)


@pytest.fixture
def ledger(tmp_path: Path) -> TrustLedger:
    return TrustLedger(tmp_path / "trust", "orders", "vault")


def level(ledger: TrustLedger) -> str:
    return ledger.judge([RECORD])[0].trust.level


def test_without_evidence_a_backup_is_taken_and_no_more(ledger: TrustLedger) -> None:
    assert level(ledger) == "taken" and not ledger.directory.exists()


def test_evidence_raises_and_a_lower_look_does_not_lower(ledger: TrustLedger) -> None:
    ledger.note_success(RECORD, "restored", {"restored": {"pages": "all right"}})
    ledger.note_success(RECORD, "checked", {"checked": {"files": 3}})
    judged = ledger.judge([RECORD])[0]
    assert judged.trust.level == "restored" and {"restored", "checked"} <= set(judged.trust.evidence)


def test_a_look_at_a_lower_level_does_not_make_the_evidence_for_a_higher_one_younger(ledger: TrustLedger) -> None:
    ledger.note_success(RECORD, "restored", {})
    proven_at = ledger.judge([RECORD])[0].trust.proven_at
    ledger.note_success(RECORD, "checked", {})
    judged = ledger.judge([RECORD])[0]
    assert judged.trust.proven_at == proven_at == judged.trust.levels["restored"] < judged.trust.levels["checked"]
    between = parse_instant(judged.trust.levels["checked"], option="levels")
    assert judged.is_proven_as("checked", since=between) and not judged.is_proven_as("restored", since=between)
    assert judged.is_proven_as("restored") and not judged.is_proven_as("verified")


def test_the_age_of_the_evidence_is_told_and_a_failure_is_no_evidence(ledger: TrustLedger) -> None:
    ledger.note_success(RECORD, "checked", {})
    later = now() + timedelta(seconds=60)
    assert 60 <= ledger.judge([RECORD])[0].as_result(later)["proven_age_seconds"] < 70
    ledger.note_failure(RECORD, ["damaged"], {})
    assert ledger.judge([RECORD])[0].as_result(later)["proven_age_seconds"] is None
    assert not ledger.judge([RECORD])[0].is_proven_as("checked")


def test_a_failure_lowers_and_speaks_against_the_backup(ledger: TrustLedger) -> None:
    ledger.note_success(RECORD, "verified", {})
    ledger.note_failure(RECORD, ["1 file is damaged"], {})
    judged = ledger.judge([RECORD])[0]
    assert judged.trust.level == "taken" and judged.errors == ["1 file is damaged"] and not judged.is_usable


def test_what_could_not_be_verified_is_lowered_but_stays_usable(ledger: TrustLedger) -> None:
    ledger.note_success(RECORD, "verified", {})
    ledger.note_failure(RECORD, [], {"could_not_verify": "no room"})
    judged = ledger.judge([RECORD])[0]
    assert judged.trust.level == "taken" and judged.is_usable


def test_a_look_that_could_not_verify_lifts_no_damage(ledger: TrustLedger) -> None:
    ledger.note_failure(RECORD, ["1 file is damaged"], {})
    ledger.note_failure(RECORD, [], {"could_not_verify": "no room"})
    assert ledger.judge([RECORD])[0].errors == ["1 file is damaged"]
    ledger.note_success(RECORD, "checked", {})
    assert ledger.judge([RECORD])[0].is_usable


def test_what_others_know_counts_when_it_is_told_and_stays_when_it_is_joined(tmp_path: Path) -> None:
    here, there = (TrustLedger(tmp_path / name, "orders", "vault") for name in ("here", "there"))
    there.note_success(RECORD, "restored", {})
    assert (level(here), level(replace(here, told=there.read())), here.path.exists()) == ("taken", "restored", False)
    here.join(there.read())
    assert level(here) == "restored"
    there.note_failure(RECORD, ["1 file is damaged"], {})
    assert not replace(here, told=there.read()).judge([RECORD])[0].is_usable


def test_a_look_here_comes_after_what_a_host_with_a_fast_clock_found(tmp_path: Path) -> None:
    here = TrustLedger(tmp_path / "here", "orders", "vault")
    here.join({RECORD.id: failure(RECORD.identity, ["damaged"], {}, "fast", now() + timedelta(hours=1))})
    here.note_success(RECORD, "checked", {})
    assert level(here) == "checked" and here.judge([RECORD])[0].is_usable


def test_what_two_hosts_tell_at_once_is_all_kept(ledger: TrustLedger) -> None:
    told = [{f"F{number}": success(f"id{number}", "checked", {}, "h", now())} for number in range(20)]
    with ThreadPoolExecutor(8) as together:
        list(together.map(ledger.join, told))
    assert len(ledger.read()) == len(told)


@pytest.mark.parametrize("text", ["", "{ torn", "[]", '{"entries": 7}', '{"entries": {"F1": {"level": "holy"}}}'])
def test_a_lost_or_torn_ledger_lowers_and_never_fails(ledger: TrustLedger, text: str) -> None:
    ledger.note_success(RECORD, "verified", {})
    ledger.path.write_text(text)
    assert level(ledger) == "taken"


def test_evidence_about_another_backup_of_the_same_name_does_not_count(ledger: TrustLedger) -> None:
    ledger.note_success(replace(RECORD, stored_bytes=7), "verified", {})
    assert level(ledger) == "taken"
