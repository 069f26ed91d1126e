# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What restic listed once is believed only while the same files are there, byte for byte, under the same key."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.files_backup.sandbox import Sandbox, flip_bits


def garble_what_is_remembered(sandbox: Sandbox) -> None:
    """From here on the remembered list is empty: whoever still finds the backups has asked restic."""
    memory = next(sandbox.cache.glob("*.listing"))
    memory.write_text(json.dumps({**json.loads(memory.read_text()), "snapshots": []}))
    next(sandbox.cache.glob("*.seen")).unlink()


def snapshots(sandbox: Sandbox) -> list[Path]:
    return sorted((sandbox.repository / "snapshots").iterdir())


def test_a_list_is_remembered_as_long_as_nothing_changed(shop: Sandbox) -> None:
    sandbox = shop.variation("remembered")
    assert len(sandbox.ids()) == 1
    garble_what_is_remembered(sandbox)
    assert sandbox.ids() == []


def test_a_backup_is_in_the_remembered_list_at_once(sandbox: Sandbox) -> None:
    taken = sandbox.backup()["id"]
    remembered = json.loads(next(sandbox.cache.glob("*.listing")).read_text())
    assert taken in {each["id"] for each in remembered["snapshots"]}
    assert set(remembered["names"]) == {path.name for path in snapshots(sandbox)}


def test_restic_is_asked_after_the_key_file_was_touched(shop: Sandbox) -> None:
    sandbox = shop.variation("touched")
    known = sandbox.ids()
    garble_what_is_remembered(sandbox)
    sandbox.key.touch()
    assert sandbox.ids() == known


def test_restic_is_asked_after_another_host_wrote(shop: Sandbox) -> None:
    sandbox = shop.variation("elsewhere")
    known = sandbox.ids()
    garble_what_is_remembered(sandbox)
    sandbox.restic("backup", str(sandbox.key))
    assert sandbox.ids() == known


def test_restic_is_asked_about_a_damaged_snapshot(shop: Sandbox) -> None:
    sandbox = shop.variation("flipped")
    known = sandbox.ids()
    garble_what_is_remembered(sandbox)
    flip_bits(snapshots(sandbox)[0])
    assert sandbox.ids() == known
