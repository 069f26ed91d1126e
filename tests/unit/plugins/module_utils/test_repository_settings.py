# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tools' own configuration files say, made out of the inventory, and where a passphrase comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils import _repository_settings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import read_settings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import EncryptionError, InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._passphrase import passphrase_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import secret_names
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    pgbackrest_settings,
    repository_passphrase,
    restic_environment,
    restic_repositories,
    usable_repositories,
)

SFTP = {"host": "h", "user": "u", "path": "/r", "identity_file": "/id", "known_hosts_file": "/known"}
REPOSITORIES: dict[str, Any] = {
    "vault": {
        "number": 1,
        "repository_host": {"host": "store1", "path": "/r"},
        "cipher_passphrase": "one",
        "retention_full": 3,
    },
    "offsite": {
        "number": 2,
        "s3": {"endpoint": "s", "bucket": "b", "region": "e", "secret_key": "it's a $ecret", "uri_style": "path"},
        "cipher_passphrase": "two",
        "retention": {"keep_last": 7},
    },
    "clear": {"number": 3, "filesystem": {"path": "/c"}, "encrypted": False},
    "far": {"number": 4, "sftp": SFTP, "cipher_passphrase": "four"},
    "cellar": {"number": 5, "tape": {"device": "/dev/nst0"}},
}
HOSTVARS = {"store1": {"ansible_host": "10.0.0.9"}}


def test_a_repository_host_is_named_by_the_others_and_writes_by_itself() -> None:
    there = pgbackrest_settings(REPOSITORIES, "db1", HOSTVARS)["vault"]
    assert there == {"repo1-host": "10.0.0.9", "repo1-host-user": "pgbackrest"}
    assert pgbackrest_settings(REPOSITORIES, "store1", HOSTVARS)["vault"] == {
        "repo1-path": "/r",
        "repo1-cipher-type": "aes-256-cbc",
        "repo1-cipher-pass": "one",
        "repo1-bundle": "y",
        "repo1-retention-full": "3",
    }


def test_pgbackrest_gets_what_it_can_use_and_removes_nothing_where_a_policy_decides() -> None:
    settings = pgbackrest_settings(REPOSITORIES, "db1", HOSTVARS)
    assert list(settings) == ["vault", "offsite", "clear"]
    assert settings["offsite"]["repo2-retention-full"] == "9999999"
    assert settings["offsite"]["repo2-s3-key-secret"] == "it's a $ecret"
    assert "repo3-cipher-type" not in settings["clear"]
    assert "far" in pgbackrest_settings(REPOSITORIES, "db1", HOSTVARS, "2.46")


def test_a_policy_of_the_repository_or_of_a_database_in_it_counts_more_than_pgbackrests_own_count() -> None:
    vault = {**REPOSITORIES["vault"], "retention": {"keep_last": 2}}
    of_the_place = pgbackrest_settings({"vault": vault}, "store1", HOSTVARS)
    orders = {"engine": {"postgresql": {}}, "retention": {"keep_last": 2}, "repositories": ["vault"]}
    of_the_source = pgbackrest_settings(REPOSITORIES, "store1", HOSTVARS, databases={"orders": orders})
    assert of_the_place["vault"]["repo1-retention-full"] == of_the_source["vault"]["repo1-retention-full"] == "9999999"


def test_restic_reads_back_what_is_written_for_it_whatever_a_secret_is_made_of(tmp_path: Path) -> None:
    text = restic_environment(REPOSITORIES, "offsite")
    (tmp_path / "offsite.env").touch(mode=0o600)
    (tmp_path / "offsite.env").write_text(text)
    settings = read_settings(str(tmp_path / "offsite.env"))
    assert settings["AWS_SECRET_ACCESS_KEY"] == "it's a $ecret"
    assert settings["RESTIC_PASSWORD_FILE"] == "/etc/recovery/restic/offsite.key"
    assert settings["RECOVERY_RESTIC_OPTIONS"] == "-o s3.bucket-lookup=path"
    assert "two" not in text
    assert repository_passphrase(REPOSITORIES, "offsite") == "two"
    with pytest.raises(InputError, match="restic always encrypts"):
        repository_passphrase(REPOSITORIES, "clear")


def test_each_host_gets_the_repositories_that_restic_needs_there() -> None:
    engine = {"files": {"stanza": "web"}}
    files = {"web": {"engine": engine, "hosts": {"a": "web1", "b": "web2"}, "repositories": ["offsite", "clear"]}}
    first = restic_repositories(REPOSITORIES, "web1", {}, files)
    assert [(each["name"], each["initialise"]) for each in first] == [("clear", True), ("offsite", True)]
    second = restic_repositories(REPOSITORIES, "web2", {}, files)
    assert [(each["name"], each["initialise"]) for each in second] == [("clear", True), ("offsite", False)]
    assert second[0]["engine"] == engine and "ecret" not in str(second)
    databases = {"orders": {"engine": {"postgresql": {}}, "hosts": {"a": "web1"}}}
    assert restic_repositories(REPOSITORIES, "web1", databases, {}) == []


def test_files_that_name_no_stanza_can_be_the_first_in_a_repository() -> None:
    files = {"web": {"engine": {"files": {"paths": ["/srv"]}}, "hosts": {"a": "web1"}, "repositories": ["clear"]}}
    [found] = restic_repositories(REPOSITORIES, "web1", {}, files)
    assert found["engine"] == {"files": {"stanza": "web", "paths": ["/srv"]}}


def test_an_engine_keeps_its_backups_where_it_can() -> None:
    orders: dict[str, Any] = {"engine": {"postgresql": {}}}
    assert usable_repositories(orders, REPOSITORIES) == ["vault", "offsite", "clear", "far"]
    with pytest.raises(InputError, match="cellar for postgresql"):
        usable_repositories({**orders, "repositories": ["cellar"]}, REPOSITORIES)
    with pytest.raises(InputError, match="use the repository attic"):
        usable_repositories({**orders, "repositories": ["attic"]}, REPOSITORIES)
    with pytest.raises(InputError, match="given: oracle"):
        _repository_settings.engine_name({"engine": {"oracle": {}}})


def test_a_passphrase_comes_from_the_vault_a_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    assert passphrase_of("x", {"cipher_passphrase": "vaulted"}) == "vaulted"
    assert passphrase_of("x", {"cipher_passphrase_file": str(tmp_path / "key")}) == "from a file"
    assert passphrase_of("x", {"cipher_passphrase_env": "KEY"}, {"KEY": "from outside"}) == "from outside"
    assert passphrase_of("x", {"encrypted": False}) is None


@pytest.mark.parametrize(
    "entry, cause",
    [
        ({}, "none is given, and encryption is on by default"),
        ({"cipher_passphrase": ""}, "is empty"),
        ({"cipher_passphrase": "two\nlines"}, "white space"),
        ({"cipher_passphrase": " padded"}, "white space"),
        ({"cipher_passphrase": "a", "cipher_passphrase_env": "B"}, "cipher_passphrase and cipher_passphrase_env"),
        ({"cipher_passphrase_env": "KEY"}, "the environment of the controller has no KEY"),
        ({"cipher_passphrase_file": "/nowhere"}, "/nowhere on the controller cannot be read"),
        ({"encrypted": False, "cipher_passphrase": "a"}, "encrypted is false, yet"),
    ],
)
def test_a_passphrase_that_cannot_be_found_is_a_clear_error(entry: dict[str, Any], cause: str) -> None:
    with pytest.raises(EncryptionError, match=cause):
        passphrase_of("x", entry, {})


def test_every_secret_is_known_by_name() -> None:
    assert secret_names() == {
        "cipher_passphrase",
        "access_key",
        "secret_key",
        "account_key",
        "sas_token",
        "access_token",
    }
