# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a fence proof may be relied on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import FenceError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import (
    Occasion,
    join_proofs,
    objections,
    read_proof,
    require_proof,
    utc_now,
)

OCCASION = Occasion(site="frankfurt", run_id="run1", group="storefront", system_identifier="7")
ASKED = {"run_id": "run1", "group": "storefront", "system_identifier": "7"}


def proof(level: int = 2, **evidence: Any) -> dict[str, Any]:
    return OCCASION.proof(level=level, method="path", evidence=evidence).as_dict()


def test_a_fresh_proof_of_this_run_holds() -> None:
    assert require_proof(proof(), **ASKED).level == 2


@pytest.mark.parametrize("change", [{"run_id": "x"}, {"group": "x"}, {"system_identifier": "8"}])
def test_a_proof_of_something_else_does_not_hold(change: dict[str, str]) -> None:
    with pytest.raises(FenceError):
        require_proof(proof(), **{**ASKED, **change})


def test_a_proof_ends_and_never_begins_in_the_future() -> None:
    read = read_proof(proof())
    assert objections(read, **ASKED, now=utc_now() + timedelta(seconds=121))
    assert objections(read, **ASKED, now=utc_now() - timedelta(seconds=90))


def test_an_assumption_is_no_proof_and_neither_is_a_torn_one() -> None:
    with pytest.raises(FenceError, match="assumption"):
        require_proof(proof(level=0), **ASKED)
    with pytest.raises(FenceError, match="missing"):
        require_proof({"site": "frankfurt"}, **ASKED)


def test_two_places_make_a_proof_and_one_does_not() -> None:
    here, there = proof(0, fenced=True, place="a"), proof(0, fenced=True, place="b")
    assert join_proofs([here, there])["level"] == 1
    assert join_proofs([here, here])["level"] == 0
    assert join_proofs([here, there, proof(0, fenced=False, place="c")])["level"] == 0
    with pytest.raises(FenceError):
        join_proofs([here, {**there, "run_id": "run2"}])
