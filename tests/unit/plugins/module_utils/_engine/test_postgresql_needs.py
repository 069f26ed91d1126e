# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup of a cluster needs of this host, and what is said when it is missing or unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.plugins.module_utils._engine.records import backup

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import LiveCluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_needs import (
    NEEDS,
    c_library,
    findings,
    is_known_locale,
    tablespaces_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError

RECORD = backup("F1", 2, 2)
NAMES = ("version", "cluster", "port", "database", "data_directory", "configuration_directory", "binary_directory")
OPTIONS = {**dict.fromkeys([*NAMES, "socket_directory"]), "version": 15, "port": 5432}
# Nothing is run here, and where something is, that gets a deadline of its own.
LIVE = LiveCluster.of(OPTIONS, Deadline(0))


def noted(**needs: Any) -> dict[str, Any]:
    note = {"collation": c_library(), "locales": ["C", "POSIX"], "libraries": [], **needs}
    return {"annotation": {NEEDS: json.dumps(note)}}


@pytest.fixture
def programs(tmp_path: Path) -> LiveCluster:
    """A cluster whose programs say that libraries lie beside them."""
    program = tmp_path / "pg_config"
    program.write_text(f"#!/bin/sh\necho {tmp_path}\n")
    program.chmod(0o755)
    (tmp_path / "known.so").touch()
    return replace(LIVE, binary_directory=tmp_path, deadline=Deadline(60))


def test_what_is_there_passes() -> None:
    found = findings(noted(), LIVE, RECORD)
    assert [each.check for each in found] == ["locales", "collation", "libraries"] and all(
        each.passed for each in found
    )


def test_a_locale_that_this_host_does_not_know_is_refused() -> None:
    assert is_known_locale("C") and not is_known_locale("tlh_QO.UTF-8")
    with pytest.raises(PreconditionError, match=r"the locale tlh_QO.UTF-8, which this host does not know"):
        findings(noted(locales=["C", "tlh_QO.UTF-8"]), LIVE, RECORD)


def test_another_c_library_is_told_and_not_refused() -> None:
    collation = findings(noted(collation="glibc 2.28"), LIVE, RECORD)[1]
    assert (collation.passed, collation.observed, collation.required) == (False, c_library(), "glibc 2.28")


def test_a_library_that_is_missing_is_told_by_name(programs: LiveCluster) -> None:
    assert findings(noted(libraries=["known"]), programs, RECORD)[2].passed
    libraries = findings(noted(libraries=["$libdir/known", "unknown"]), programs, RECORD)[2]
    assert (libraries.passed, libraries.observed) == (False, "missing: unknown")


@pytest.mark.parametrize(
    "told", [{}, {"annotation": None}, {"annotation": {NEEDS: "{ torn"}}, noted() | {"annotation": {}}]
)
def test_what_cannot_be_told_is_said_and_counts_as_not_found(told: dict[str, Any]) -> None:
    found = findings(told, LIVE, RECORD)
    assert len(found) == 3 and all(not each.passed and "cannot be told" in each.observed for each in found)


def test_tablespaces_are_named_with_the_places_where_they_were() -> None:
    told = {"tablespace": [{"name": "fast", "destination": "/srv/fast", "oid": 24576}]}
    assert tablespaces_of(told) == {"fast": "/srv/fast"} and tablespaces_of({"tablespace": None}) == {}
