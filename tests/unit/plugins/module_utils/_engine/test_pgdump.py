# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pg_dump and pg_restore say, and what was recorded of a dump."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump import (
    TABLE,
    TABLE_DATA,
    Contents,
    require_good,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump_source import Source, major_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    InputError,
    IntegrityError,
    PreconditionError,
    RecoveryError,
    ToolError,
    VersionError,
)

LISTED = """;
; Archive created at 2026-11-25 21:00:00 UTC
215; 1259 16386 TABLE public product postgres
217; 1259 16390 TABLE public sale postgres
218; 1259 16393 TABLE public sale_1 postgres
3400; 0 0 TABLE ATTACH public sale_1 postgres
3345; 0 16386 TABLE DATA public product postgres
3346; 0 16393 TABLE DATA public sale_1 postgres
3347; 0 0 ACL public TABLE product postgres
"""


def ended(rc: int, stderr: str) -> Finished:
    return Finished(["pg_dump"], rc, "", stderr, 0.1)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("pg_dump: error: connection to server on socket failed: Is the server running locally", PreconditionError),
        ("pg_dump: error: query failed: ERROR:  permission denied for table orders", AccessError),
        ("pg_dump: error: aborting because of server version mismatch", VersionError),
        ('pg_restore: error: could not execute query: ERROR:  extension "postgis" is not available', PreconditionError),
        ("pg_restore: error: could not read from input file: end of file", IntegrityError),
        ('pg_dump: error: connection failed: FATAL:  role "deploy" does not exist', AccessError),
        ('pg_restore: error: could not execute query: ERROR:  role "clerk" does not exist', ToolError),
        ("pg_restore: error: something new", ToolError),
    ],
)
def test_words_are_understood_and_unknown_ones_are_a_failure(words: str, kind: type[RecoveryError]) -> None:
    with pytest.raises(kind, match="dump the shop"):
        require_good(ended(1, words), "dump the shop", tool="pg_dump")


def test_an_exit_code_of_0_excuses_no_error_that_was_said() -> None:
    with pytest.raises(RecoveryError, match="lost"):
        require_good(ended(0, "pg_dump: error: connection lost"), "dump the shop", tool="pg_dump")
    require_good(ended(0, "pg_dump: dumping contents of table"), "dump the shop", tool="pg_dump")


def test_tables_and_their_rows_are_told_apart_in_a_table_of_contents() -> None:
    assert (len(TABLE.findall(LISTED)), len(TABLE_DATA.findall(LISTED))) == (3, 2)


def test_what_was_recorded_is_read_again_and_less_is_refused() -> None:
    contents = Contents("shop", 3, 8000000, "CREATE ROLE clerk;")
    assert Contents.of(contents.as_content(), "read it") == contents
    with pytest.raises(IntegrityError, match="tables"):
        Contents.of({"database": "shop"}, "read it")


def test_the_major_version_is_read_from_what_a_server_says() -> None:
    assert (major_of("15.14 (Debian 15.14-0+deb12u1)"), major_of("17beta1"), major_of("unknown")) == (15, 17, 0)


@pytest.mark.parametrize("name", ["host=elsewhere", "postgresql://elsewhere", "../shop", ""])
def test_what_is_no_name_of_a_database_is_refused(name: str) -> None:
    options = {"database": name, "version": 15, "port": 5432, "user": "postgres"}
    with pytest.raises(InputError, match="database"):
        Source.of(options, Deadline(1))
