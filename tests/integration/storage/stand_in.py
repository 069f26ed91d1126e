# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An engine that restic keeps, for tests of what has nothing to do with its data."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Engine


class FilesStandIn(Engine):
    NAME: str = "files"
    STRATEGIES: tuple[str, ...] = ("full",)
    REPOSITORIES: tuple[str, ...] = ("azure", "filesystem", "gcs", "nfs", "s3", "sftp")
    OPTIONS: dict[str, Any] = {"stanza": {"type": "str"}, "paths": {"type": "list", "elements": "path"}}

    @property
    def stanza(self) -> str:
        return str(self.options["stanza"])


FilesStandIn.__abstractmethods__ = frozenset()
