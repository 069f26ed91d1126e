# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a directory lies on is read from the kernel's table, and a share that is not mounted is never used."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RepositoryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository import nfs
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._mount import (
    Mount,
    holding,
    parse_mounts,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.nfs import NfsRepository

TABLE = r"""22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:40 / /mnt/back\040up rw,relatime shared:9 master:2 - nfs4 store.example:/export/backups rw,vers=4.2
31 22 0:41 / /mnt/old ro,relatime - nfs store.example:/export/old rw
32 22 0:42 / /mnt/old rw - tmpfs tmpfs rw
"""


def test_the_deepest_mount_above_a_path_holds_it_and_the_last_one_covers_the_others() -> None:
    mounts = parse_mounts(TABLE)
    assert holding(mounts, "/mnt/back up/deep") == Mount("/mnt/back up", "nfs4", "store.example:/export/backups", False)
    assert holding(mounts, "/mnt/back upper").point == "/"
    assert holding(mounts, "/mnt/old").kind == "tmpfs"
    assert mounts[2].is_read_only


def share(monkeypatch: pytest.MonkeyPatch, path: str, **options: Any) -> NfsRepository:
    monkeypatch.setattr(nfs, "mount_of", lambda path: holding(parse_mounts(TABLE), path))
    given = {"path": path, "filesystem_types": ["nfs", "nfs4"], **options}
    return NfsRepository("share", 1, given, is_to_be_encrypted=True)


def test_a_mounted_share_of_the_declared_server_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = share(monkeypatch, "/mnt/back up", server="store.example", export="/export/backups")
    ready.require_ready()
    assert ready.place == "store.example:/export/backups at /mnt/back up"


@pytest.mark.parametrize(
    "path, options, cause",
    [
        ("/mnt/new", {}, "nothing of the kind nfs, nfs4 is mounted there; it lies on /dev/vda1"),
        ("/mnt/new", {"filesystem_types": ["ext4"]}, "nothing of the kind ext4"),
        ("/mnt/old", {}, "it lies on tmpfs"),
        ("/mnt/back up", {"server": "other", "export": "/e"}, "declared is other:/e"),
    ],
)
def test_a_share_that_is_not_mounted_is_refused(
    monkeypatch: pytest.MonkeyPatch, path: str, options: dict[str, Any], cause: str
) -> None:
    place = share(monkeypatch, path, **options)
    with pytest.raises(RepositoryError, match=cause):
        place.require_ready()
    assert place.probe().reachable is False
