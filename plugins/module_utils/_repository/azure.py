# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A container of Azure Blob Storage, or of a server that speaks like it."""

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

AZURE = "blob.core.windows.net"
# The account of the emulator: restic finds it on this host by itself, over plain HTTP.
EMULATOR = "devstoreaccount1"


class AzureRepository(Repository):
    NAME: str = "azure"
    MEDIUM: str = "object"
    OPTIONS: dict[str, Any] = {
        "account": {"type": "str", "required": True},
        "container": {"type": "str", "required": True},
        "endpoint": {"type": "str", "default": AZURE},
        "port": {"type": "int", "default": 443},
        "path": {"type": "str", "default": "/"},
        "uri_style": {"type": "str", "choices": ["host", "path"], "default": "host"},
        "ca_file": {"type": "path"},
        "account_key": {"type": "str", "no_log": True},
        "sas_token": {"type": "str", "no_log": True},
    }

    @property
    def place(self) -> str:
        return f"azure://{self.options['container']}{self.options['path']} at {self._host}"

    @property
    def _host(self) -> str:
        if self.options["uri_style"] == "host":
            return f"{self.options['account']}.{self.options['endpoint']}"
        return str(self.options["endpoint"])

    def probe(self) -> Probe:
        return probe_port(self._host, int(self.options["port"]))

    def pgbackrest_settings(self) -> dict[str, str]:
        sas_token = self.options.get("sas_token")
        return self.given(
            {
                "type": "azure",
                "path": self.options["path"],
                "azure-account": self.options["account"],
                "azure-container": self.options["container"],
                "azure-endpoint": self.options["endpoint"],
                "azure-uri-style": self.options["uri_style"],
                "azure-key-type": "sas" if sas_token else "shared",
                "azure-key": str(sas_token).lstrip("?") if sas_token else self.options.get("account_key"),
                "storage-port": self.options["port"],
                "storage-ca-file": self.options.get("ca_file"),
            }
        )

    def restic_address(self) -> ResticAddress:
        self._require_that_restic_finds_it()
        suffix = str(self.options["endpoint"]).removeprefix("blob.")
        environment = {
            "AZURE_ACCOUNT_NAME": self.options["account"],
            "AZURE_ACCOUNT_KEY": self.options.get("account_key"),
            "AZURE_ACCOUNT_SAS": self.options.get("sas_token"),
            "AZURE_ENDPOINT_SUFFIX": None if self.options["endpoint"] == AZURE else suffix,
        }
        container, path = self.options["container"], within(str(self.options["path"]), "restic")
        return ResticAddress(f"azure:{container}:{path}", self.given(environment), self.trusting())

    def _require_that_restic_finds_it(self) -> None:
        options = self.options
        is_found = options["uri_style"] == "host" and int(options["port"]) == 443
        if not is_found and options["account"] != EMULATOR:
            raise InputError(
                f"use {self} with restic",
                cause="restic reaches an account by its host name and port 443 alone",
                next_action="Set uri_style to host and port to 443, or use a repository of another kind",
            )

    def open_store(self, secrets: dict[str, str]) -> Store:
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._azure_store import (
            AzureStore,
        )
        from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._https import Https

        is_sas = secrets.get("azure-key-type") == "sas"
        key_name, sas_name = ("", "azure-key") if is_sas else ("azure-key", "")
        is_path = self.options["uri_style"] != "host"
        return AzureStore(
            Https(self._host, int(self.options["port"]), self.options.get("ca_file")),
            account=str(self.options["account"]),
            root=f"/{self.options['account']}/{self.options['container']}"
            if is_path
            else f"/{self.options['container']}",
            path=str(self.options["path"]),
            account_key=self.secret("account_key", secrets, "AZURE_ACCOUNT_KEY", key_name),
            sas_token=self.secret("sas_token", secrets, "AZURE_ACCOUNT_SAS", sas_name),
        )
