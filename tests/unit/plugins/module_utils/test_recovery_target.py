# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A target names exactly one moment, or it is refused."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import parse_target


@pytest.mark.parametrize(
    "value",
    ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05+00:00", "2026-01-02T04:04:05+01:00", " 2026-01-02T03:04:05z "],
)
def test_the_same_moment_in_any_zone_is_one_target(value: str) -> None:
    assert parse_target({"type": "time", "value": value}).value == "2026-01-02T03:04:05Z"


def test_nothing_given_means_the_latest() -> None:
    assert parse_target(None).kind == "latest"
    assert str(parse_target({"type": "immediate", "value": None})) == "immediate"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("time", "2026-03-29 02:30:00", "has no zone"),
        ("time", "half past two", "not an ISO 8601 instant"),
        ("time", "2999-01-01T00:00:00Z", "in the future"),
        ("latest", "2026-01-02T03:04:05Z", "takes no value"),
        ("lsn", "5000060", "not a target of type lsn"),
        ("xid", "-1", "not a target of type xid"),
        ("name", "it's", "not a target of type name"),
        ("name", None, "needs a value"),
        ("log_position", "mariadb-bin.7:4", "not a target of type log_position"),
        ("log_position", "/var/log/mysql/mariadb-bin.000007:4", "not a target of type log_position"),
        ("gtid", "0-1", "not a target of type gtid"),
        ("gtid", "0-1-5,1-1-5", "not a target of type gtid"),
    ],
)
def test_what_cannot_mean_one_moment_is_refused(kind: str, value: str | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_target({"type": kind, "value": value})
