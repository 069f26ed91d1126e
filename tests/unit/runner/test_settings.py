# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings are right, or the service does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from gogidix_recovery_runner.errors import SettingsError
from gogidix_recovery_runner.settings import TABLE, Settings, read_settings


def test_without_an_environment_the_service_listens_on_loopback_at_its_own_port() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8891)
    assert settings.database_url == f"sqlite:///{settings.data_directory}/records.sqlite3"
    assert settings.is_single_process


def test_every_setting_stands_in_the_table_and_the_table_has_nothing_else() -> None:
    assert list(TABLE) == list(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("variable", "text", "cause"),
    [
        ("DISASTER_RECOVERY_PORT", "eighty", "invalid literal"),
        ("DISASTER_RECOVERY_PORT", "0", "from 1 to 65535"),
        ("FAILOVER_TIMEOUT", "-1", "from 1 to"),
        ("DISASTER_RECOVERY_ISOLATION", "container", "one of auto, namespace, subreaper"),
        ("DISASTER_RECOVERY_INVENTORIES", "two_sites", "name=path"),
        ("DISASTER_RECOVERY_INVENTORIES", "two_sites=/no/such/place", "no inventory at"),
        ("DISASTER_RECOVERY_VAULT_PASSWORD_FILE", "/no/such/file", "no file"),
        ("DISASTER_RECOVERY_HOST", " ", "must not be empty"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_cause(variable: str, text: str, cause: str) -> None:
    with pytest.raises(SettingsError, match=variable) as error:
        read_settings({variable: text})
    assert cause in error.value.detail


def test_an_unknown_variable_of_ours_is_a_mistake_and_not_ignored() -> None:
    with pytest.raises(SettingsError, match="DISASTER_RECOVERY_PROT"):
        read_settings({"DISASTER_RECOVERY_PROT": "8891"})


def test_the_folders_of_the_project_are_its_inventories(tmp_path: Path) -> None:
    (tmp_path / "inventories" / "two_sites").mkdir(parents=True)
    settings = read_settings({"DISASTER_RECOVERY_PROJECT_DIRECTORY": str(tmp_path)})
    assert settings.inventories == {"two_sites": tmp_path / "inventories" / "two_sites"}


def test_journals_are_kept_where_plans_run_by_hand_keep_theirs() -> None:
    assert read_settings({"RECOVERY_JOURNAL_DIRECTORY": "/var/journal"}).journal_directory == Path("/var/journal")
