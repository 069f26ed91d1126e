# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pgBackRest says is understood by its words; words that are not known are failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    PgBackRest,
    cleaned,
    meaning_of,
    without_bad_bytes,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_backup import (
    require_right_host,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_verify import parse_findings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    PreconditionError,
    RepositoryError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import open_repository

WRONG_KEY = """ERROR: [029]: unable to load info file '/r/backup.info' or '/r/backup.info.copy':
       FormatError: key/value found outside of section at line 1: gs\\xffb!rubbish
       HINT: has a stanza-create been performed?
"""
CORRUPT = """2026-11-22 16:07:17.678 P01   INFO: invalid checksum '20261122-160634F/pg_data/base/5/1255.zst'
2026-11-22 16:07:17.695 P01   INFO: file missing '20261122-160634F/pg_data/base/5/6229.zst'
2026-11-22 16:07:17.929 P00   INFO: stanza: orders
                                    status: error
stanza: orders
status: error
  archiveId: 15-1, total WAL checked: 5, total valid WAL: 5
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
  backup: 20261122-160634F, status: invalid, total files checked: 964, total valid files: 962
    missing: 1, checksum invalid: 1, size invalid: 0, other: 0
  backup: 20261122-170000F, status: valid, total files checked: 965, total valid files: 965
    missing: 0, checksum invalid: 0, size invalid: 0, other: 0
2026-11-22 16:07:17.929 P00   INFO: verify command end: completed successfully (376ms)
"""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (WRONG_KEY, "DR-KEY"),
        ("ERROR: [095]: unable to flush", "DR-KEY"),
        ("[CryptoError] cipher header invalid", "DR-KEY"),
        ("[CryptoError] unable to find hostname 'store' in certificate common name", "DR-TLS"),
        ("ERROR: [064]: unable to write '/r/x': [28] No space left on device", "DR-SPACE"),
        ("ERROR: [050]: unable to acquire lock on file '/l': Resource temporarily unavailable", "DR-LOCK"),
        ("ERROR: [026]: error restoring 'x': actual checksum 'a' does not match expected checksum 'b'", "DR-INT"),
        ("ERROR: [029]: raised from local-2 protocol: zst error: [-20] Data corruption detected", "DR-INT"),
        ("ERROR: [029]: zlib threw error: [-3] data error", "DR-INT"),
        ("ERROR: [029]: unexpected eof in compressed data", "DR-INT"),
        ("ERROR: [029]: zst error: [-64] Allocation error : not enough memory", "DR-TOOL"),
        ("ERROR: [072]: backup command must be run on the repository host", "DR-PRE"),
        ("ERROR: [049]: unable to get address for 'b': [-2] Name or service not known", "DR-REPO"),
        ("ERROR: [125]: remote-0 process on 'store' terminated unexpectedly [1]", "DR-REPO"),
        ("ERROR: [082]: WAL segment 01 was not archived before the 60000ms timeout", "DR-WAL"),
        ("ERROR: [039]: HTTP request failed with 429 (Too Many Requests)", "DR-REPO"),
        ("ERROR: [042]: unexpected EOF reading HTTP content", "DR-REPO"),
        ("ERROR: [068]: archive_command '/bin/true' must contain pgbackrest", "DR-PRE"),
        ("ERROR: [056]: unable to find primary cluster - cannot proceed [DbConnectError]", "DR-PRE"),
        ("something never heard of", "DR-TOOL"),
        ("", "DR-TOOL"),
    ],
)
def test_every_cause_has_its_code(words: str, code: str) -> None:
    assert meaning_of(words, "do something").error_code == code


def test_the_rubbish_of_a_wrong_passphrase_is_not_repeated() -> None:
    assert "rubbish" not in cleaned(WRONG_KEY)


def test_bytes_that_are_no_text_do_not_break_json() -> None:
    assert without_bad_bytes('{"a": "b\\xff"}') == '{"a": "b?"}'


def test_a_verification_is_judged_by_its_text() -> None:
    findings = parse_findings(CORRUPT, "verify")
    assert not findings.is_ok
    assert not findings.backups["20261122-160634F"].is_valid
    assert findings.backups["20261122-170000F"].is_valid
    assert findings.archives["15-1"].is_valid
    assert len(findings.damaged_files) == 2


@pytest.mark.parametrize("text", ["", "completed successfully", "stanza: orders\nstatus: splendid\n"])
def test_a_verification_without_a_known_verdict_is_a_failure(text: str) -> None:
    with pytest.raises(ToolError, match="no verdict"):
        parse_findings(text, "verify")


def test_a_verification_that_could_not_read_the_stanza_is_a_failure() -> None:
    with pytest.raises(RepositoryError):
        parse_findings("stanza: orders\nstatus: error\n  No usable backup.info file\n", "verify")


VAULT = open_repository({"name": "vault", "number": 1, "filesystem": {"path": "/r"}})


def tool(tmp_path: Path, text: str) -> PgBackRest:
    file = tmp_path / "pgbackrest.conf"
    file.write_text(text)
    return PgBackRest(str(file), "orders", 1, Deadline(5))


def test_backups_are_refused_away_from_the_repository_host(tmp_path: Path) -> None:
    here = tool(tmp_path, "[global]\nrepo1-host=store.example\nrepo1-cipher-pass=a%b=c\n[orders]\npg1-path=/d\n")
    with pytest.raises(PreconditionError, match=r"Run this on the repository host store\.example"):
        require_right_host(here, VAULT, "full")
    require_right_host(here, VAULT, "transaction_log")


def test_the_log_is_refused_away_from_the_database_host(tmp_path: Path) -> None:
    here = tool(tmp_path, "[global]\nrepo1-path=/r\n[orders]\npg1-host=fra-db1\npg2-host=dub-db1\n")
    with pytest.raises(PreconditionError, match="one of dub-db1, fra-db1"):
        require_right_host(here, VAULT, "transaction_log")
    require_right_host(here, VAULT, "full")


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreconditionError, match="Run the role protect"):
        require_right_host(PgBackRest(str(tmp_path / "none"), "orders", 1, Deadline(5)), VAULT, "full")
