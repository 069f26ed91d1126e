# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A bucket of an object store that speaks S3."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._reach import probe_port
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Probe, Repository


class S3Repository(Repository):
    NAME: str = "s3"
    OPTIONS: dict[str, Any] = {
        "endpoint": {"type": "str", "required": True},
        "port": {"type": "int", "default": 443},
        "bucket": {"type": "str", "required": True},
        "region": {"type": "str", "required": True},
        "path": {"type": "str", "default": "/"},
        "uri_style": {"type": "str", "choices": ["host", "path"], "default": "host"},
        "ca_file": {"type": "path"},
        "access_key": {"type": "str", "no_log": True},
        "secret_key": {"type": "str", "no_log": True},
    }

    @property
    def place(self) -> str:
        return f"s3://{self.options['bucket']}{self.options['path']} at {self.options['endpoint']}"

    def probe(self) -> Probe:
        return probe_port(str(self.options["endpoint"]), int(self.options["port"]))
