# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role with the paths cut: whoever could write to the database is refused, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.integration.fence.fence_lab import BALANCER_PORT, MOVE, POOLER_PORT, Ended, FenceLab, proof_of, role

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import FenceError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import require_proof

# From where, to what, and at which port clients write.
WAYS = [
    ("fra-app1", "10.10.1.11", 5432),
    ("dub-app1", "10.10.1.11", 5432),
    ("fra-app1", "10.10.1.31", POOLER_PORT),
    ("dub-app1", "10.20.1.31", BALANCER_PORT),
]
PLACES = {"fra-app1", "fra-proxy1", "dub-db1", "dub-app1", "dub-proxy1", "wit-store1", "wit-dns1", "wit-probe1"}


def fence(lab: FenceLab, place: Path, *, part: str = "main", check: bool = False, **asked: Any) -> Ended:
    variables = {**MOVE, "recovery_fence": {"path": {}}, **asked}
    keep = "fence_result" if part == "main" else "recovery_mode"
    return lab.play(place, [role(part)], keep=keep, hosts="site_dublin", asked=variables, check=check)


def refused(lab: FenceLab, note: str) -> list[bool]:
    return [bool(lab.write(*way, note)) for way in WAYS]


def holds(lab: FenceLab, proof: dict[str, Any]) -> int:
    identity = (lab.directory / "identity" / "orders").read_text()
    return require_proof(proof, run_id="run1", group="storefront", system_identifier=identity).level


@pytest.fixture
def open_afterwards(lab: FenceLab) -> Iterator[None]:
    yield
    with ThreadPoolExecutor() as together:
        list(together.map(lambda host: lab.call("run", host, "nft", "flush", "ruleset"), PLACES))


@pytest.mark.usefixtures("open_afterwards")
def test_every_way_to_the_database_is_refused_and_opens_again(lab: FenceLab, tmp_path: Path) -> None:
    rehearsed = proof_of(fence(lab, tmp_path, check=True))
    assert (rehearsed["level"], rehearsed["checked"]) == (0, True)
    assert refused(lab, "before") == [False] * 4

    proof = proof_of(fence(lab, tmp_path))
    assert set(proof["evidence"]["places"]) == PLACES
    assert holds(lab, proof) == 1
    assert refused(lab, "fenced") == [True] * 4
    assert "fenced" not in lab.entries()

    again = fence(lab, tmp_path)
    assert holds(lab, proof_of(again)) == 1
    assert "changed: [dub-db1" not in again.text.partition("Keep what was said")[0]

    released = fence(lab, tmp_path, part="undo")
    assert released.code == 0, released.text
    assert refused(lab, "after") == [False] * 4
    assert {"before", "after"} <= lab.entries()


@pytest.mark.usefixtures("open_afterwards")
def test_a_connection_that_is_open_is_ended(lab: FenceLab, tmp_path: Path) -> None:
    """Its row is asked for only once the fence stands."""
    script = (
        "import psycopg2, time\n"
        "connection = psycopg2.connect(host='10.10.1.11', user='shop', dbname='postgres')\n"
        "connection.autocommit = True\n"
        "print('open', flush=True)\n"
        "input()\n"
        "connection.cursor().execute(\"INSERT INTO entry VALUES ('open')\")\n"
    )
    with lab.begin_inside("dub-app1", "python3", "-c", script) as client:
        assert client.stdout is not None
        assert client.stdout.readline().strip() == "open"
        assert holds(lab, proof_of(fence(lab, tmp_path))) == 1
        _said, error = client.communicate("go on\n", timeout=30)
    assert "OperationalError" in error
    assert "open" not in lab.entries()


@pytest.mark.usefixtures("open_afterwards")
def test_a_place_that_could_write_and_does_not_answer_leaves_no_proof(lab: FenceLab, tmp_path: Path) -> None:
    lab.do("isolate", "fra-app1")
    ended = fence(lab, tmp_path)
    assert ended.code != 0
    assert "fra-app1" in ended.words
    assert ended.kept == {}
    lab.do("heal")


def test_one_place_alone_is_no_proof(lab: FenceLab, tmp_path: Path) -> None:
    order = {
        "name": "Cut at one place",
        "gogidix.disaster_recovery.fence": {
            **{"site": "frankfurt", "group": "storefront", "run_id": "run1", "system_identifier": "7"},
            "method": {"path": {"addresses": ["10.10.1.11"]}},
            "state": "{{ wanted }}",
        },
        "become": True,
        "register": "answer",
    }
    fenced = lab.play(tmp_path, [order], hosts="wit-probe1", asked={"wanted": "present"})
    lab.play(tmp_path, [order], hosts="wit-probe1", asked={"wanted": "absent"})
    proof = fenced.kept["fence_proof"]
    assert (proof["level"], proof["evidence"]["place"]) == (0, "wit-probe1")
    with pytest.raises(FenceError, match="assumption"):
        require_proof(proof, run_id="run1", group="storefront", system_identifier="7")
