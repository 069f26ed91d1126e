# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups are proven on one host and removed by another one, which knows of every proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.drills.drill_lab import INVENTORY, SNAPSHOT, DrillLab, Outcome
from tests.integration.lab.lab_command import REPOSITORY

pytestmark = pytest.mark.lab

ONLY: dict[str, Any] = {"recovery_backup_only": ["orders"], "recovery_backup_repositories": ["vault"]}
FULL = {**ONLY, "recovery_backup_type": "database", "recovery_backup_strategy": "full"}


@pytest.fixture
def kept_lab(lab: DrillLab) -> Iterator[DrillLab]:
    """What is removed and damaged here is there again for the next drill."""
    yield lab
    lab.do("rollback", SNAPSHOT, timeout=300)


def succeed(lab: DrillLab, plan: str, **asked: Any) -> Outcome:
    done = lab.plan(plan, **asked)
    assert done.code == 0, done.story
    return done


def orders_in_the_vault(lab: DrillLab) -> list[str]:
    """What pgBackRest itself lists, oldest first."""
    words = ["runuser", "-u", "pgbackrest", "--", "pgbackrest", "--stanza=orders", "--output=json", "info"]
    [stanza] = json.loads(lab.do("run", "wit-store1", *words))
    return [backup["label"] for backup in stanza["backup"] if backup["database"]["repo-key"] == 1]


def orders(**fields: Any) -> dict[str, Any]:
    """The database of the inventory, of which only its newest backup is wanted, with these fields instead."""
    inventory = yaml.safe_load((REPOSITORY / INVENTORY / "group_vars/all/recovery.yml").read_text())
    entry = {**inventory["recovery_databases"]["orders"], "retention": {"keep_last": 1}, **fields}
    return {"recovery_databases": {"orders": entry}, **ONLY}


def named_by(done: Outcome, field: str) -> list[list[str]]:
    """What of the orders in the vault was removed or kept, in each play that looked."""
    found = [each for line in done.journal for each in line.get("recovery") or [] if isinstance(each, dict)]
    return [each[field] for each in found if each.get("repository") == "vault" and field in each]


def test_old_backups_go_and_proven_ones_stay(kept_lab: DrillLab) -> None:
    """The proof is made on the standby's host, and the repository's host removes what is old and not proven."""
    succeed(kept_lab, "backup", **FULL)
    proven = orders_in_the_vault(kept_lab)[-1]
    assert succeed(kept_lab, "drill", **ONLY).report["verdict"] == "verified"
    for _time in range(2):
        succeed(kept_lab, "backup", **FULL)
    before = orders_in_the_vault(kept_lab)
    old, newest = before[:-1], before[-1]
    assert proven in old and len(old) > 1
    planned = kept_lab.start("retention", orders(), check=True).finish()
    assert planned.code == 0 and orders_in_the_vault(kept_lab) == before, planned.story
    done = succeed(kept_lab, "retention", **orders())
    assert orders_in_the_vault(kept_lab) == [proven, newest]
    assert named_by(planned, "removed")[-1] == named_by(done, "removed")[-1] == [name for name in old if name != proven]


def test_nothing_goes_while_nobody_knows_what_a_silent_host_has_proven(kept_lab: DrillLab) -> None:
    succeed(kept_lab, "backup", **FULL)
    before = orders_in_the_vault(kept_lab)
    hosts = {"frankfurt": "fra-db1", "dublin": "dub-db1", "elsewhere": "else-db1"}
    refused = kept_lab.plan("retention", **orders(hosts=hosts))
    assert refused.code != 0 and "nobody knows what else-db1 has proven" in " ".join(refused.text.split())
    assert orders_in_the_vault(kept_lab) == before
    # A restore goes on with what is known, and says of whom nothing is.
    asked = {"recovery_restore_database": "orders", "recovery_restore_beside": "/var/lib/postgresql/15/beside"}
    restored = kept_lab.start("restore", {**orders(hosts=hosts), **asked}, check=True).finish()
    assert restored.code == 0 and "Not asked what they know of the backups: else-db1" in restored.text, restored.text


def test_runs_prove_one_backup_after_the_other_and_anew_what_was_proven_too_long_ago(kept_lab: DrillLab) -> None:
    succeed(kept_lab, "backup", **FULL)
    succeed(kept_lab, "backup", **FULL)
    names = orders_in_the_vault(kept_lab)
    runs: list[set[str]] = [set(*named_by(succeed(kept_lab, "verify_backups", **ONLY), "looked_at")) for _name in names]
    assert runs[0] == {names[0], names[-1]}
    assert set().union(*runs) == set(names) and runs[-1] == set()
    aged = succeed(kept_lab, "verify_backups", **ONLY, recovery_verify_max_age_seconds=0.001)
    assert named_by(aged, "looked_at") == [[names[0], names[-1]]]


def test_what_a_drill_finds_damaged_is_no_ground_for_the_next_backup(kept_lab: DrillLab) -> None:
    """Found at the standby, it is known to the repository's host, which takes a full one instead of leaning on it."""
    succeed(kept_lab, "backup", **FULL)
    damaged = orders_in_the_vault(kept_lab)[-1]
    bundle = f"/var/lib/pgbackrest/backup/orders/{damaged}/bundle/1"
    spoil = ["dd", "if=/dev/zero", f"of={bundle}", "bs=1", "seek=100000", "count=9", "conv=notrunc"]
    kept_lab.do("run", "wit-store1", *spoil)
    found = kept_lab.plan("drill", **ONLY)
    assert found.code != 0 and found.status == "failed", found.story
    succeed(kept_lab, "backup", **{**FULL, "recovery_backup_strategy": "incremental"})
    newest = orders_in_the_vault(kept_lab)[-1]
    assert newest.endswith("F") and newest != damaged
