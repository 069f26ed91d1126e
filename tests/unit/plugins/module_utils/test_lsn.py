# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Log positions."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import bytes_behind, furthest, parse_lsn


def test_positions_are_compared_as_numbers() -> None:
    assert parse_lsn("1/0") == 2**32
    assert bytes_behind("1/0", "0/FFFFFFFF") == 1
    assert bytes_behind("0/1", "0/2") == 0
    assert furthest(None, "0/A000000", "0/9000000") == "0/A000000"
    assert furthest(None) is None


@pytest.mark.parametrize("text", ["", "5000", "x/y", "None"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_lsn(text)
