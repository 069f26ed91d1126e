# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A bucket of Google Cloud Storage."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._reach import probe_port
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import (
    Probe,
    Repository,
    ResticAddress,
    within,
)

GOOGLE = "storage.googleapis.com"


class GcsRepository(Repository):
    NAME: str = "gcs"
    MEDIUM: str = "object"
    OPTIONS: dict[str, Any] = {
        "bucket": {"type": "str", "required": True},
        "project": {"type": "str"},
        "endpoint": {"type": "str", "default": GOOGLE},
        "port": {"type": "int", "default": 443},
        "path": {"type": "str", "default": "/"},
        "ca_file": {"type": "path"},
        "key_file": {"type": "path", "no_log": False},
        "access_token": {"type": "str", "no_log": True},
    }

    @property
    def place(self) -> str:
        return f"gs://{self.options['bucket']}{self.options['path']} at {self.options['endpoint']}"

    def probe(self) -> Probe:
        return probe_port(str(self.options["endpoint"]), int(self.options["port"]))

    def pgbackrest_settings(self) -> dict[str, str]:
        key_file = self.options.get("key_file")
        return self.given(
            {
                "type": "gcs",
                "path": self.options["path"],
                "gcs-bucket": self.options["bucket"],
                "gcs-endpoint": self.options["endpoint"],
                "gcs-key-type": "service" if key_file else "token",
                "gcs-key": key_file or self.options.get("access_token"),
                "storage-port": self.options["port"],
                "storage-ca-file": self.options.get("ca_file"),
            }
        )

    def restic_address(self) -> ResticAddress:
        if self.options["endpoint"] != GOOGLE or int(self.options["port"]) != 443:
            raise InputError(
                f"use {self} with restic",
                cause=f"restic reaches {GOOGLE} at port 443 alone",
                next_action="Leave endpoint and port out, or use a repository of another kind",
            )
        environment = {
            "GOOGLE_PROJECT_ID": self.options.get("project"),
            "GOOGLE_APPLICATION_CREDENTIALS": self.options.get("key_file"),
            "GOOGLE_ACCESS_TOKEN": self.options.get("access_token"),
        }
        path = within(str(self.options["path"]), "restic")
        return ResticAddress(f"gs:{self.options['bucket']}:{path}", self.given(environment), self.trusting())

    def open_store(self, secrets: dict[str, str]) -> Store | None:
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._gcs_store import GcsStore
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._https import Https

        token = self.secret("access_token", secrets, "GOOGLE_ACCESS_TOKEN")
        if not token and secrets.get("gcs-key-type") == "token":
            token = secrets.get("gcs-key", "")
        if not token:
            return None
        https = Https(str(self.options["endpoint"]), int(self.options["port"]), self.options.get("ca_file"))
        return GcsStore(https, bucket=str(self.options["bucket"]), path=str(self.options["path"]), token=token)
