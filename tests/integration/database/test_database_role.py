# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""database_role against real clusters: promotion, following, rewinding, cloning, and every refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

PASSWORD = "example-only-scratch-password"


def proof_for(pair: Any, **changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "site": "frankfurt",
        "level": 2,
        "method": "service",
        "observed_at": now.isoformat(),
        "expires_at": (now + timedelta(seconds=120)).isoformat(),
        "run_id": "run1",
        "group": "storefront",
        "system_identifier": pair.system_identifier,
        "timeline": 1,
        "checked": False,
        "evidence": {},
        **changes,
    }


def promotion(pair: Any, **changes: Any) -> dict[str, Any]:
    return {
        "engine": pair.standby.engine,
        "role": "primary",
        "confirm": pair.system_identifier,
        "fence_proof": proof_for(pair),
        "run_id": "run1",
        "group": "storefront",
        "deadline": 30,
        **changes,
    }


def return_of(old: Any, new: Any, **changes: Any) -> dict[str, Any]:
    return {
        "engine": old.engine,
        "role": "standby",
        "confirm": new.system_identifier,
        "upstream": {
            "host": "127.0.0.1",
            "port": new.port,
            "user": "replicator",
            "password": PASSWORD,
            "slot": old.name,
        },
        "run_id": "run1",
        "group": "storefront",
        "deadline": 60,
        **changes,
    }


def test_a_clean_move_needs_no_rewind_and_is_idempotent_on_both_sides(pair: Any, run_module: Any) -> None:
    pair.write(1)
    pair.primary.stop()
    rehearsed = run_module("database_role", promotion(pair), check=True)
    assert rehearsed["changed"] is True
    assert rehearsed["database"] == {"state": "primary", "system_identifier": pair.system_identifier, "timeline": 2}
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "t"

    promoted = run_module("database_role", promotion(pair))
    assert promoted["changed"] is True, promoted
    assert promoted["database"]["timeline"] == 2
    assert promoted["promotion"]["wrote"] is True
    assert "cp" in pair.standby.sql("SHOW restore_command")
    assert pair.standby.sql("SHOW wal_retrieve_retry_interval") == "5s"
    assert run_module("database_role", promotion(pair))["changed"] is False

    back = run_module("database_role", return_of(pair.primary, pair.standby))
    assert back["changed"] is True, back
    assert back["rejoin"]["way"] == "follow"
    assert back["database"]["streaming"] is True
    assert pair.primary.sql("SELECT count(*) FROM entry") == "1"
    assert run_module("database_role", return_of(pair.primary, pair.standby))["changed"] is False
    assert PASSWORD not in (pair.primary.data / "postgresql.auto.conf").read_text()


def test_a_diverged_primary_is_rewound(pair: Any, run_module: Any) -> None:
    pair.standby.stop()
    pair.write(1)
    pair.primary.stop("immediate")
    pair.standby.start()
    assert run_module("database_role", promotion(pair))["changed"] is True
    pair.write(2, at=pair.standby)
    refused = run_module("database_role", return_of(pair.primary, pair.standby, rejoin="follow"))
    assert refused["error_code"] == "DR-TL"
    back = run_module("database_role", return_of(pair.primary, pair.standby))
    assert back.get("rejoin", {}).get("way") == "rewind", back
    assert pair.primary.sql("SELECT string_agg(id::text, ',') FROM entry") == "2"
    assert not pair.primary.data.with_name("fra_db1.rewinding").exists()


def test_a_half_rewound_directory_is_cloned_and_the_old_data_kept(pair: Any, run_module: Any) -> None:
    pair.primary.stop()
    assert run_module("database_role", promotion(pair))["changed"] is True
    pair.primary.data.with_name("fra_db1.rewinding").write_text("half\n")
    back = run_module("database_role", return_of(pair.primary, pair.standby))
    assert back.get("rejoin", {}).get("way") == "clone", back
    assert (pair.primary.data.with_name("fra_db1.pre-run1") / "PG_VERSION").exists()
    assert pair.primary.sql("SELECT status FROM pg_stat_wal_receiver") == "streaming"


def test_a_rewind_that_fails_ends_in_a_clone(pair: Any, run_module: Any) -> None:
    pair.standby.stop()
    pair.write(1)
    pair.primary.stop("immediate")
    pair.standby.start()
    assert run_module("database_role", promotion(pair))["changed"] is True
    pair.standby.sql("REVOKE EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean) FROM replicator")
    pair.standby.sql("REVOKE EXECUTE ON FUNCTION pg_stat_file(text, boolean) FROM replicator")
    pair.standby.sql("REVOKE EXECUTE ON FUNCTION pg_read_binary_file(text) FROM replicator")
    pair.standby.sql("REVOKE EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean) FROM replicator")
    back = run_module("database_role", return_of(pair.primary, pair.standby))
    assert back.get("rejoin", {}).get("way") == "clone", back
    assert "rewind failed" in back["rejoin"]["notes"][0]
    assert pair.primary.sql("SELECT count(*) FROM entry") == "0"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fence_proof": None}, "no fence proof"),
        ({"run_id": "run2"}, "of the run run1"),
        ({"group": "other"}, "protection group"),
    ],
)
def test_no_promotion_without_a_proof_of_this_run(pair: Any, run_module: Any, changes: Any, words: str) -> None:
    refused = run_module("database_role", promotion(pair, **changes))
    assert refused["error_code"] == "DR-FENCE"
    assert words in refused["msg"]
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "t"


def test_no_promotion_with_a_stale_or_rehearsed_proof(pair: Any, run_module: Any) -> None:
    stale = proof_for(pair, expires_at=datetime.now(UTC).isoformat())
    assert "expired" in run_module("database_role", promotion(pair, fence_proof=stale))["msg"]
    checked = proof_for(pair, level=0, checked=True)
    assert run_module("database_role", promotion(pair, fence_proof=checked), check=True)["changed"] is True
    assert run_module("database_role", promotion(pair, fence_proof=checked))["error_code"] == "DR-FENCE"
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "t"


def test_another_system_is_refused_before_anything_is_touched(pair: Any, run_module: Any) -> None:
    refused = run_module("database_role", promotion(pair, confirm="7"))
    assert refused["error_code"] == "DR-TL"
    assert refused["data_state"] == "untouched"
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "t"


def test_the_newer_side_never_becomes_the_standby_of_the_older(pair: Any, run_module: Any) -> None:
    accepted = promotion(pair, fence_proof=None, accept_split_brain="the test wants two primaries")
    assert run_module("database_role", accepted)["changed"] is True
    refused = run_module("database_role", return_of(pair.standby, pair.primary))
    assert refused["error_code"] == "DR-TL"
    assert pair.standby.sql("SELECT pg_is_in_recovery()") == "f"
