# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record counts only when every byte of it was stored."""

from __future__ import annotations

import json

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_record import stored_whole
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError

RECORD = '{"paths": ["/srv/größe"]}'


def storing(size: int) -> Finished:
    summary = {
        "message_type": "summary",
        "snapshot_id": "5c4f2a",
        "total_bytes_processed": size,
        "data_added": size,
        "total_files_processed": 1,
    }
    return Finished(["restic"], 0, json.dumps(summary), "", 0.1)


def test_a_record_that_is_stored_whole_has_the_name_of_its_snapshot() -> None:
    assert stored_whole(storing(len(RECORD.encode())), RECORD, "record it") == "5c4f2a"


def test_a_record_that_was_cut_off_is_refused() -> None:
    with pytest.raises(IntegrityError, match="its record has 27 bytes, restic stored 26"):
        stored_whole(storing(26), RECORD, "record it")
