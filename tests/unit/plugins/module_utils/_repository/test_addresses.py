# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each tool is told of each kind of repository."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)

S3 = {"endpoint": "store.example", "bucket": "b", "region": "eu", "path": "/r", "ca_file": "/ca.pem"}
AZURE = {"account": "gogidix", "container": "backups", "path": "/r", "account_key": "a2V5"}
GCS = {"bucket": "b", "key_file": "/etc/recovery/gcs.json"}
SFTP = {"host": "h", "port": 2222, "user": "u", "path": "/r", "identity_file": "/id", "known_hosts_file": "/known"}


def repository(**entry: Any) -> Repository:
    return open_repository(read_entry("offsite", {"number": 2, **entry}))


def test_restic_keeps_its_part_of_every_place_apart() -> None:
    urls = {
        "/r/restic": repository(filesystem={"path": "/r"}),
        "/n/restic": repository(nfs={"path": "/n"}),
        "s3:https://store.example:443/b/r/restic": repository(s3=S3),
        "azure:backups:/r/restic": repository(azure=AZURE),
        "gs:b:/restic": repository(gcs=GCS),
        "sftp:u@h:/r/restic": repository(sftp=SFTP),
    }
    assert {place.restic_address().url: place for place in urls.values()} == urls


def test_restic_gets_credentials_by_its_environment_and_the_rest_by_options() -> None:
    address = repository(s3={**S3, "access_key": "k", "secret_key": "s", "uri_style": "path"}).restic_address()
    assert address.environment == {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "eu",
    }
    assert address.options == ("--cacert", "/ca.pem", "-o", "s3.bucket-lookup=path")
    assert repository(azure=AZURE).restic_address().environment == {
        "AZURE_ACCOUNT_NAME": "gogidix",
        "AZURE_ACCOUNT_KEY": "a2V5",
    }
    assert repository(gcs=GCS).restic_address().environment == {
        "GOOGLE_APPLICATION_CREDENTIALS": "/etc/recovery/gcs.json"
    }


def test_ssh_never_asks_and_trusts_no_host_that_it_does_not_know() -> None:
    option, command = repository(sftp=SFTP).restic_address().options
    assert option == "-o"
    assert command.startswith(
        "sftp.command=ssh -p 2222 -i /id -o UserKnownHostsFile=/known -o StrictHostKeyChecking=yes"
    )
    assert "BatchMode=yes" in command and command.endswith("u@h -s sftp")


@pytest.mark.parametrize(
    "entry, cause",
    [
        ({"repository_host": {"host": "h", "path": "/r"}}, "restic cannot keep"),
        ({"tape": {"device": "/dev/nst0"}}, "restic cannot keep"),
        ({"gcs": {**GCS, "endpoint": "gcs.example"}}, "storage.googleapis.com at port 443 alone"),
        ({"azure": {**AZURE, "port": 10000}}, "host name and port 443 alone"),
    ],
)
def test_what_restic_cannot_reach_is_refused(entry: dict[str, Any], cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        repository(**entry).restic_address()


def test_pgbackrest_gets_a_type_and_the_settings_of_that_type() -> None:
    azure = repository(azure={**AZURE, "endpoint": "azure.example", "uri_style": "path"}).pgbackrest_settings()
    assert azure == {
        "type": "azure",
        "path": "/r",
        "azure-account": "gogidix",
        "azure-container": "backups",
        "azure-endpoint": "azure.example",
        "azure-uri-style": "path",
        "azure-key-type": "shared",
        "azure-key": "a2V5",
        "storage-port": "443",
    }
    shared = repository(azure={"account": "a", "container": "c", "sas_token": "?sv=1"}).pgbackrest_settings()
    assert shared["azure-key-type"] == "sas" and shared["azure-key"] == "sv=1"
    assert repository(gcs=GCS).pgbackrest_settings()["gcs-key-type"] == "service"
    assert repository(sftp=SFTP).pgbackrest_settings()["sftp-host-key-check-type"] == "strict"
    assert repository(nfs={"path": "/n"}).pgbackrest_settings() == {"path": "/n"}
    with pytest.raises(InputError, match="pgBackRest cannot keep"):
        repository(tape={"device": "/dev/nst0"}).pgbackrest_settings()


def test_an_entry_is_read_with_every_default_and_a_mistake_is_named() -> None:
    entry = read_entry("offsite", {"number": 2, "s3": S3})
    assert entry["s3"]["port"] == 443 and entry["encrypted"] is True
    with pytest.raises(InputError, match=r"recovery_repositories\.offsite: .*bukket"):
        read_entry("offsite", {"number": 2, "s3": {**S3, "bukket": "b"}})
    with pytest.raises(InputError, match="region"):
        read_entry("offsite", {"number": 2, "s3": {"endpoint": "e", "bucket": "b"}})


def test_what_is_declared_of_a_repository_has_the_defaults_of_its_kind() -> None:
    assert repository(s3=S3).declared.medium == "object"
    declared = repository(filesystem={"path": "/r"}, medium="object", retention={"keep_last": 3}).declared
    assert (declared.medium, declared.retention, declared.is_offsite) == ("object", {"keep_last": 3}, False)
