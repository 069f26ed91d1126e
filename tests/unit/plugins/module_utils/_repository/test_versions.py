# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was there at a moment and is not any more, out of the versions of everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._versions import (
    StoredVersion,
    lost_since,
)

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def version(minute: int, content: str = "", *, name: str = "pack") -> StoredVersion:
    """Minutes are counted from the moment that is asked for; without content it is the mark of a removal."""
    return StoredVersion(name, f"{minute}", THEN + timedelta(minutes=minute), content == "", content)


@pytest.mark.parametrize(
    ("history", "wanted", "marks"),
    [
        ([version(-5, "old")], None, []),
        ([version(5), version(-5, "old")], "-5", ["5"]),
        ([version(6), version(5), version(-5, "old")], "-5", ["6", "5"]),
        ([version(5, "new"), version(-5, "old")], "-5", []),
        # Written over, and then removed: a mark above it is not all that is in the way.
        ([version(6), version(5, "new"), version(-5, "old")], "-5", []),
        # Of several that are older, the last one before the moment; at that moment counts as before it.
        ([version(5), version(0, "last"), version(-5, "old")], "0", ["5"]),
        # It is back already.
        ([version(6, "old"), version(5, "new"), version(-5, "old")], None, []),
        # It was removed before, or came later.
        ([version(-3), version(-5, "old")], None, []),
        ([version(5), version(4, "new")], None, []),
        ([version(5, "new")], None, []),
    ],
)
def test_what_was_lost_is_told_with_what_lies_above_it(
    history: list[StoredVersion], wanted: str | None, marks: list[str]
) -> None:
    other = [version(-9, "kept", name="other")]
    found = [(each.wanted.id, [mark.id for mark in each.marks]) for each in lost_since([*history, *other], THEN)]
    assert found == ([] if wanted is None else [(wanted, marks)])


def test_what_was_put_on_top_is_not_lost_however_its_content_is_told() -> None:
    old = version(-5, "in two parts")
    history = [version(9, "in one"), version(5, "new"), old]
    assert [each.wanted for each in lost_since(history, THEN)] == [old]
    assert lost_since(history, THEN, [old]) == []
