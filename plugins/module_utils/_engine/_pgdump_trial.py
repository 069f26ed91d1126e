# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Loading a dump into a private server that nobody else reaches, and questioning it there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._data_owner import give
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump import (
    BAD,
    LOAD,
    TABLE,
    TABLE_DATA,
    Contents,
    meaning_of,
    require_good,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump_source import Source
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgdump_taking import ARCHIVE_FILE
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import Instance
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_recovery import (
    check_structure,
    question,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_keeper import Keeper
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    restore_snapshot,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._space import require_space

SERVER = "trial"
ROLES_FILE = "globals.sql"
# Nothing of it is kept, so nothing of it has to survive a power cut.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}
# Tables that the archive makes itself: those of an extension come with it.
TABLES = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "
    "AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_depend d "
    "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');"
)


def archive_name(contents: Contents) -> str:
    return f"{contents.database}.dump"


def write_files(source: Source, keeper: Keeper, record: BackupRecord, contents: Contents, directory: Path) -> None:
    """The archive and the roles, for their owner only; restic reads back what it wrote."""
    what = f"write the dump of {contents.database} into {directory}"
    require_space(directory, record.size_bytes + contents.database_bytes, what)
    restore_snapshot(keeper.tool, what, record.id, directory)
    archive, roles = directory / archive_name(contents), directory / ROLES_FILE
    (directory / ARCHIVE_FILE).rename(archive)
    roles.touch(mode=0o600)
    roles.write_text(contents.roles, encoding="utf-8")
    archive.chmod(0o600)
    give(directory, source.user)
    if archive.stat().st_size != record.size_bytes:
        raise IntegrityError(
            what,
            cause=f"it has {archive.stat().st_size} bytes, its record says {record.size_bytes}",
            next_action="Use another backup",
        )


class Trial:
    """A server of our own in the directory of a written dump; it goes when it has answered."""

    def __init__(self, source: Source, contents: Contents, directory: Path) -> None:
        self.source = source
        self.contents = contents
        self.directory = directory
        self.instance = instance_in(source, directory)

    def load(self) -> dict[str, Any]:
        """Make the server, give it the roles and the database, and count what came."""
        listed = self._listed()
        self._make()
        self._load_roles()
        said = self._load_archive()
        found = self.instance.ask(TABLES, database=self.contents.database)
        if found != [[str(listed)]]:
            raise IntegrityError(
                f"load the dump of {self.contents.database}",
                cause=f"the copy has {found[0][0] if found else 'no'} tables, the archive lists {listed}",
                next_action="Use another backup",
            )
        return {"tables": listed, "tables_with_rows": self.contents.tables, "said": said}

    def look_through(self) -> str:
        """Every table and index that was made of it."""
        return check_structure(self.instance)

    def _listed(self) -> int:
        """How many tables the archive makes; the rows that it has are of as many as its record says."""
        what = f"read the table of contents of {self._archive}"
        finished = run_tool(self.source.argv("pg_restore", "--list", self._archive), deadline=self.source.deadline)
        require_good(finished, what, tool="pg_restore")
        rows = len(TABLE_DATA.findall(finished.stdout))
        if rows != self.contents.tables:
            raise IntegrityError(
                what,
                cause=f"it has the rows of {rows} tables, its record says {self.contents.tables}",
                next_action="Use another backup",
            )
        return len(TABLE.findall(finished.stdout))

    @property
    def _archive(self) -> str:
        return str(self.directory / archive_name(self.contents))

    def _make(self) -> None:
        instance, source = self.instance, self.source
        what = f"make a private server in {instance.directory}"
        options = ["--no-sync", "--auth=peer", "--encoding=UTF8", "--locale=C", f"--username={source.user}"]
        finished = run_tool(instance.argv("initdb", "-D", str(instance.directory), *options), deadline=source.deadline)
        require_good(finished, what, tool="initdb")
        instance.configure(SETTINGS)
        instance.start()

        def observe() -> list[list[str]] | None:
            instance.require_alive()
            return instance.ask("SELECT 1;")

        source.deadline.wait_until(what, observe, bool, every_seconds=0.05, next_action="Read its log")

    def _load_roles(self) -> None:
        """All roles but the one that the server was made with, which is there."""
        file = str(self.directory / ROLES_FILE)
        argv = self.instance.argv("psql", "-Xqw", "-f", file, *self.instance.address, "-d", "template1")
        finished = run_tool(argv, deadline=self.source.deadline)
        there = re.compile(rf'ERROR: +role "{re.escape(self.source.user)}" already exists$')
        bad = [each for each in finished.stderr.splitlines() if BAD.search(each) and not there.search(each)]
        if finished.rc != 0 or bad:
            raise meaning_of("\n".join(bad), f"load {file}", tool="psql", rc=finished.rc)

    def _load_archive(self) -> list[str]:
        argv = self.instance.argv("pg_restore", *LOAD, *self.instance.address, "--dbname=template1", self._archive)
        quiet = {"PGOPTIONS": "-c client_min_messages=warning"}
        finished = run_tool(argv, deadline=self.source.deadline, environment=quiet)
        require_good(finished, f"load the dump of {self.contents.database}", tool="pg_restore")
        return finished.stderr.splitlines()

    def ask(self, checks: list[Check]) -> list[dict[str, Any]]:
        return question(self.instance, checks, self.contents.database)

    def remove(self) -> None:
        self.instance.stop()
        shutil.rmtree(self.instance.directory, ignore_errors=True)


def instance_in(source: Source, directory: Path) -> Instance:
    return Instance(directory / SERVER, source.binary_directory, source.port, source.deadline, source.user)
