# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A bucket of an object store that speaks S3."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._reach import probe_port
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import Store
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import (
    Probe,
    Repository,
    ResticAddress,
    within,
)


class S3Repository(Repository):
    NAME: str = "s3"
    MEDIUM: str = "object"
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

    def pgbackrest_settings(self) -> dict[str, str]:
        return self.given(
            {
                "type": "s3",
                "path": self.options["path"],
                "s3-bucket": self.options["bucket"],
                "s3-endpoint": self.options["endpoint"],
                "s3-region": self.options["region"],
                "s3-uri-style": self.options["uri_style"],
                # Without a key, the role of the machine.
                "s3-key-type": None if self.options.get("access_key") else "auto",
                "s3-key": self.options.get("access_key"),
                "s3-key-secret": self.options.get("secret_key"),
                "storage-port": self.options["port"],
                "storage-ca-file": self.options.get("ca_file"),
            }
        )

    def restic_address(self) -> ResticAddress:
        server = f"https://{self.options['endpoint']}:{self.options['port']}"
        environment = {
            "AWS_ACCESS_KEY_ID": self.options.get("access_key"),
            "AWS_SECRET_ACCESS_KEY": self.options.get("secret_key"),
            "AWS_DEFAULT_REGION": self.options["region"],
        }
        lookup = "dns" if self.options["uri_style"] == "host" else "path"
        return ResticAddress(
            f"s3:{server}/{self.options['bucket']}{within(str(self.options['path']), 'restic')}",
            self.given(environment),
            (*self.trusting(), "-o", f"s3.bucket-lookup={lookup}"),
        )

    def open_store(self, secrets: dict[str, str]) -> Store | None:
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._https import Https
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._s3_store import S3Store

        access_key = self.secret("access_key", secrets, "AWS_ACCESS_KEY_ID", "s3-key")
        if not access_key:
            return None
        bucket, endpoint = str(self.options["bucket"]), str(self.options["endpoint"])
        has_bucket_in_path = self.options["uri_style"] != "host"
        host = endpoint if has_bucket_in_path else f"{bucket}.{endpoint}"
        return S3Store(
            Https(host, int(self.options["port"]), self.options.get("ca_file")),
            root=f"/{bucket}" if has_bucket_in_path else "",
            path=str(self.options["path"]),
            bucket=bucket,
            region=str(self.options["region"]),
            access_key=access_key,
            secret_key=self.secret("secret_key", secrets, "AWS_SECRET_ACCESS_KEY", "s3-key-secret"),
        )
