# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""3-2-1-1-0 by evidence: what is not proven does not count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check import backup_policy
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._backup_evidence import holding_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.backup_policy import BackupPolicy
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import Observation, Surroundings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import written

PLACES: dict[str, dict[str, Any]] = {
    "vault": {"site": "frankfurt"},
    "bucket": {"site": "far", "medium": "object", "immutable": True},
}


NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DAY = 86400


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_policy, "now", lambda: NOW)


def ago(seconds: float) -> str:
    return written(NOW - timedelta(seconds=seconds))


def backup(name: str = "F1", age: float = 3600, proven: float | None = 100, errors: list[str] | None = None) -> Any:
    levels = {} if proven is None else {"checked": ago(proven), "restored": ago(proven)}
    level = "taken" if proven is None else "restored"
    trust = {"level": level, "levels": levels}
    return {"id": name, "stopped_at": ago(age), "errors": errors or [], "is_consistent": True, "trust": trust}


def catalogue(name: str, *backups: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "stanza": "orders",
        "read_at": ago(1),
        "backups": list(backups) or [backup()],
        "windows": [],
        "newest_recovery_point": {"at": ago(30)},
        "repository": {"name": name, "place": f"/{name}", "medium": "disk", "reachable": True, "observed": "there"},
        **changes,
    }


def judged(*catalogues: Any, places: dict[str, Any] | None = None, **options: Any) -> Observation:
    given = {name: spec.get("default") for name, spec in BackupPolicy.OPTIONS.items()}
    given.update(
        {
            "stanzas": ["orders"],
            "places": PLACES if places is None else places,
            "catalogues": list(catalogues),
            **options,
        }
    )
    return BackupPolicy(given, Surroundings(site="frankfurt")).observe(Deadline(1))


BOTH = (catalogue("vault"), catalogue("bucket"))


def test_two_repositories_and_the_live_data_fulfil_the_rule() -> None:
    seen = judged(*BOTH, max_recovery_point_age_seconds=300)
    assert seen.passed, seen.observed
    verdict = seen.evidence["stanzas"]["orders"]
    assert verdict["copies"] == ["live", "vault", "bucket"] and verdict["media"] == ["disk", "object"]
    assert verdict["offsite"] == verdict["immutable"] == ["bucket"] and verdict["errors"] == []
    assert verdict["recovery_point_age_seconds"] == 29


@pytest.mark.parametrize(
    ("bucket", "words"),
    [
        ({"failed": True, "msg": "the bucket is gone", "item": {"repository": {"name": "bucket"}}}, "is gone"),
        (catalogue("bucket", backup(age=999_999)), "its newest usable backup is 999999 s old"),
        (catalogue("bucket", backup(errors=["torn"])), "holds no usable backup"),
        (catalogue("bucket", read_at=ago(7200)), "it was read 7200 s ago"),
        (catalogue("bucket", windows=None), "not understood"),
        (catalogue("bucket", stanza="others"), "copies 2 of 3"),
        ({**catalogue("bucket"), "repository": {"name": "bucket"}}, "not understood"),
        (7, "it is not a result of backup_info"),
    ],
)
def test_a_repository_that_proves_nothing_is_no_copy(bucket: Any, words: str) -> None:
    seen = judged(catalogue("vault"), bucket)
    assert not seen.passed and words in seen.observed
    assert "copies 2 of 3 (live, vault)" in seen.observed and "off site 0 of 1" in seen.observed


@pytest.mark.parametrize(
    "bucket",
    [
        catalogue("bucket", backup(proven=None)),
        catalogue("bucket", backup(proven=700_000)),
        catalogue("bucket", backup("F1"), backup("F2", proven=None, errors=["interrupted"])),
    ],
)
def test_without_young_evidence_or_with_a_damaged_backup_there_is_an_error(bucket: Any) -> None:
    seen = judged(catalogue("vault"), bucket)
    assert not seen.passed and seen.observed.startswith("orders: errors 1 of at most 0 (bucket: ")
    assert judged(catalogue("vault"), bucket, errors=1).passed


def test_a_key_that_nobody_would_find_is_an_error() -> None:
    seen = judged(*BOTH, without_key_id=["bucket", "elsewhere"])
    assert not seen.passed and seen.observed.startswith("orders: errors 1 of at most 0 (bucket: no key_id ")


def test_two_names_for_one_place_are_one_copy() -> None:
    twin = catalogue("bucket")
    twin["repository"]["place"] = "/vault"
    assert "copies 2 of 3" in judged(catalogue("vault"), twin).observed


def test_what_nobody_knows_of_a_place_does_not_count() -> None:
    seen = judged(*BOTH, places={})
    assert "media 1 of 2" in seen.observed and "off site 0 of 1" in seen.observed and "immutable 0" in seen.observed


def test_an_old_or_unknown_recovery_point_fails() -> None:
    seen = judged(*BOTH, max_recovery_point_age_seconds=5)
    assert not seen.passed and "the newest recovery point is 29 s old of 5 s" in seen.observed
    assert "not known of 5 s" in judged(max_recovery_point_age_seconds=5).observed


def test_without_a_log_the_newest_backup_is_the_recovery_point() -> None:
    seen = judged(*(catalogue(name, newest_recovery_point=None) for name in PLACES), max_recovery_point_age_seconds=60)
    assert "the newest recovery point is 3599 s old" in seen.observed


def test_a_log_that_stopped_a_day_ago_breaks_the_objective_of_its_stanza() -> None:
    stopped = [catalogue(name, backup(age=2 * DAY), newest_recovery_point={"at": ago(DAY + 1)}) for name in PLACES]
    assert judged(*stopped).passed
    seen = judged(*stopped, objectives={"orders": 5})
    assert not seen.passed and seen.observed == (
        "orders: the newest recovery point is 86400 s old of 125 s"
        " (its objective, rpo_seconds, is 5 s, and 120 s for the log to arrive)"
    )
    assert judged(*stopped, objectives={"orders": DAY}).passed
    assert not judged(*stopped, objectives={"orders": DAY - 1}, shipping_seconds=0).passed
    # What is said of all of them counts more, and nothing is said of another one.
    assert judged(*stopped, objectives={"orders": 5}, max_recovery_point_age_seconds=2 * DAY).passed
    assert judged(*stopped, objectives={"ledger": 5}).passed


def test_the_age_of_the_log_is_that_of_the_reading() -> None:
    """Reading one repository after the other takes its time, in which the log goes on."""
    read = [catalogue(name, read_at=ago(600), newest_recovery_point={"at": ago(620)}) for name in PLACES]
    assert judged(*read, objectives={"orders": 5}).passed


def test_an_objective_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="the objective of orders is 'soon'"):
        judged(*BOTH, objectives={"orders": "soon"})


def test_a_gap_in_the_log_is_told_with_its_ends() -> None:
    windows = [
        {"timeline": 1, "from_at": ago(9000), "until_at": ago(8000)},
        {"timeline": 1, "from_at": ago(7000), "until_at": ago(30)},
        {"timeline": 2, "from_at": ago(9000), "until_at": ago(30)},
    ]
    seen = judged(catalogue("vault", windows=windows), catalogue("bucket"))
    gap = {
        "repository": "vault",
        "timeline": 1,
        "from_at": windows[0]["until_at"],
        "until_at": windows[1]["from_at"],
    }
    assert seen.evidence["stanzas"]["orders"]["gaps"] == [gap] and not seen.passed
    assert f"vault from {gap['from_at']} to {gap['until_at']}" in seen.observed
    assert judged(catalogue("vault", windows=windows), catalogue("bucket"), gaps=True).passed


def test_a_stanza_that_nobody_lists_is_not_backed_up() -> None:
    seen = judged(*BOTH, stanzas=["orders", "files"])
    assert not seen.passed and "files: copies 1 of 3 (live)" in seen.observed and "orders:" not in seen.observed


def test_the_policy_needs_a_stanza() -> None:
    with pytest.raises(InputError, match="no stanza"):
        judged(*BOTH, stanzas=[])


def test_off_site_is_told_by_the_site_or_declared() -> None:
    assert "off site 0 of 1" in judged(*BOTH, places={**PLACES, "bucket": {"site": "frankfurt"}}).observed
    elsewhere = {**PLACES, "bucket": {"offsite": True, "medium": "object", "immutable": True}}
    assert judged(*BOTH, places=elsewhere).passed


def test_a_place_that_says_that_it_has_no_lock_has_none_whatever_is_declared() -> None:
    for said, words in ((False, "immutable 0 of 1"), (None, ""), (True, "")):
        bucket = catalogue("bucket")
        bucket["repository"]["immutable"] = said
        seen = judged(catalogue("vault"), bucket)
        assert words in seen.observed and seen.passed is not (said is False)
    # What nobody declares counts when the place says it, and nothing else does.
    places = {
        name: {key: value for key, value in place.items() if key != "immutable"} for name, place in PLACES.items()
    }
    assert "immutable 0 of 1" in judged(*BOTH, places=places).observed


def locked(days: int | None, **changes: Any) -> dict[str, Any]:
    seen = catalogue("bucket", **changes)
    seen["repository"].update(immutable=True, protection={"retention_days": days})
    return seen


def test_a_lock_that_ends_before_the_retention_does_is_none() -> None:
    places = {**PLACES, "bucket": {**PLACES["bucket"], "retention": {"keep_days": 30}}}
    assert judged(catalogue("vault"), locked(30), places=places).passed
    seen = judged(catalogue("vault"), locked(29), places=places)
    assert "immutable 0 of 1" in seen.observed and "the lock of bucket holds for 29 days of 30" in seen.observed
    # How long it holds is not known, so it is not known to hold long enough.
    assert not judged(catalogue("vault"), locked(None), places=places).passed
    # The retention of the source counts before that of the place, and what is stated before both.
    own = {"item": {"retention": {"keep_days": 7}}}
    assert judged(catalogue("vault"), locked(8, **own), places=places).passed
    assert not judged(catalogue("vault"), locked(8, **own), places=places, immutable_days=9).passed
    # With no days that are kept, any lock will do.
    assert judged(catalogue("vault"), locked(1)).passed


def tape(age: float = 3600, proven: float | None = 100, errors: list[str] | None = None) -> dict[str, Any]:
    """As backup_info tells of a tape: it was read back, which is as far as a tape is ever proven."""
    levels = {} if proven is None else {"checked": ago(proven)}
    trust = {"level": "checked" if levels else "taken", "levels": levels}
    held = {"id": "F1", "stopped_at": ago(age), "errors": errors or [], "trust": trust}
    seen = catalogue("cellar", held, tapes=[{"id": "t1"}], newest_recovery_point=None)
    seen["repository"].update(place="cellar in /dev/nst0", medium="tape", reachable=None)
    return seen


def test_a_tape_that_was_read_back_is_a_copy_on_another_medium_for_a_month() -> None:
    places = {**PLACES, "cellar": {"offsite": True, "immutable": True}}
    seen = judged(catalogue("vault"), tape(20 * DAY, 20 * DAY), places=places)
    verdict = seen.evidence["stanzas"]["orders"]
    assert (
        seen.passed
        and verdict["media"] == ["disk", "tape"]
        and verdict["offsite"] == verdict["immutable"] == ["cellar"]
    )
    for old, words in (
        (tape(40 * DAY), f"its newest usable backup is {40 * DAY} s old"),
        (tape(20 * DAY, 40 * DAY), "no backup was checked within"),
        (tape(proven=None, errors=["tape t1 was never read back"]), "it holds no usable backup"),
    ):
        bad = judged(catalogue("vault"), old, places=places)
        assert not bad.passed and words in bad.observed
    assert judged(catalogue("vault"), tape(40 * DAY), places=places, max_tape_age_seconds=50 * DAY).passed


def test_a_stanza_that_goes_onto_no_tape_has_no_error_for_it() -> None:
    assert judged(*BOTH, {**tape(), "backups": []}).passed


def test_a_failed_one_of_a_loop_speaks_for_the_stanza_of_its_item_only() -> None:
    item = {"engine": {"postgresql": None, "files": {"stanza": "papers"}}, "repository": {"name": "bucket"}}
    failed = {"failed": True, "msg": "no route", "item": item}
    assert judged(*BOTH, failed).passed
    assert "bucket is no copy: no route" in judged(*BOTH, failed, stanzas=["papers"]).observed


def test_a_place_that_is_not_reached_proves_nothing() -> None:
    away = catalogue("vault")
    away["repository"].update(reachable=False, observed="no route")
    assert holding_of(away).problem == "its place is not reached: no route"
    assert isinstance(holding_of(catalogue("vault")).read_at, datetime)


def test_the_newest_backup_of_a_source_that_changed_while_it_was_read_is_an_error_unless_that_is_usual() -> None:
    changing = catalogue("bucket", backup("F1"), {**backup("F2", age=60), "is_consistent": False})
    seen = judged(catalogue("vault"), changing)
    assert not seen.passed and "bucket: the source changed while F2, the newest, was read" in seen.observed
    assert judged(catalogue("vault"), changing, inconsistent=["orders"]).passed
    silent = {name: value for name, value in backup().items() if name != "is_consistent"}
    assert not judged(catalogue("vault"), catalogue("bucket", silent)).passed
    again = catalogue("bucket", {**backup("F1"), "is_consistent": False}, backup("F2", age=60))
    assert judged(catalogue("vault"), again).passed
