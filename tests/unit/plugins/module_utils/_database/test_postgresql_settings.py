# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings in PostgreSQL's own files and connection strings."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_settings import (
    conninfo,
    edit_automatic,
    put_back_in_file,
    read_automatic,
)


def test_editing_keeps_what_it_was_not_asked_to_change(tmp_path: Path) -> None:
    file = tmp_path / "postgresql.auto.conf"
    file.write_text("# Do not edit\nwork_mem = '4MB'\nprimary_conninfo = 'old'\n")
    edit_automatic(tmp_path, {"primary_conninfo": "host='x' options='it''s'", "recovery_target": None})
    assert file.read_text().startswith("# Do not edit\nwork_mem = '4MB'\n")
    assert read_automatic(file.read_text())["primary_conninfo"] == "host='x' options='it''s'"


def test_settings_that_were_set_aside_are_put_back_once(tmp_path: Path) -> None:
    (tmp_path / "postgresql.auto.conf").write_text(
        "wal_retrieve_retry_interval = '50ms'\nrestore_command = ''\nwork_mem = '4MB'\n"
    )
    assert put_back_in_file(tmp_path) is True
    assert put_back_in_file(tmp_path) is False
    assert read_automatic((tmp_path / "postgresql.auto.conf").read_text()) == {"work_mem": "4MB"}


def test_a_connection_string_quotes_every_value() -> None:
    assert conninfo({"host": "a b", "user": "o'x"}) == r"host='a b' user='o\'x'"
