# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control file of a cluster is read strictly: what is not understood is a failure."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import parse_control_data
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError

TEXT = """\
pg_control version number:            1300
Catalog version number:               202209061
Database system identifier:           7575615921309364285
Database cluster state:               shut down
pg_control last modified:             Sun 22 Nov 2026 04:10:31 PM UTC
Latest checkpoint location:           0/3000060
Latest checkpoint's REDO location:    0/3000028
Latest checkpoint's REDO WAL file:    000000020000000000000003
Latest checkpoint's TimeLineID:       2
Latest checkpoint's PrevTimeLineID:   1
Minimum recovery ending location:     0/0
Min recovery ending loc's timeline:   0
Bytes per WAL segment:                16777216
Data page checksum version:           1
"""


def test_a_control_file_is_read_into_typed_fields() -> None:
    control = parse_control_data(TEXT, of="orders")
    assert control.system_identifier == "7575615921309364285"
    assert (control.checkpoint_lsn, control.redo_lsn) == ("0/3000060", "0/3000028")
    assert (control.timeline, control.previous_timeline) == (2, 1)
    assert control.wal_segment_bytes == 16777216
    assert control.has_data_checksums


@pytest.mark.parametrize(
    ("state", "is_clean"),
    [
        ("shut down", True),
        ("shut down in recovery", True),
        ("in production", False),
        ("in archive recovery", False),
        ("in crash recovery", False),
    ],
)
def test_only_a_shutdown_checkpoint_counts_as_clean(state: str, is_clean: bool) -> None:
    control = parse_control_data(TEXT.replace("shut down", state), of="orders")
    assert control.is_cleanly_shut_down is is_clean


def test_an_unknown_state_is_a_failure() -> None:
    with pytest.raises(IntegrityError, match="unrecognized status code"):
        parse_control_data(TEXT.replace("shut down", "unrecognized status code"), of="orders")


@pytest.mark.parametrize("line", [line.partition(":")[0] for line in TEXT.splitlines()[2:4] + TEXT.splitlines()[5:7]])
def test_a_missing_line_is_a_failure_that_names_it(line: str) -> None:
    text = "\n".join(row for row in TEXT.splitlines() if not row.startswith(line + ":"))
    with pytest.raises(IntegrityError, match="missing or not understood"):
        parse_control_data(text, of="orders")
