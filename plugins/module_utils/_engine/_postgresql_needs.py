# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a cluster needs of a host beyond its version: noted with each backup, and looked for before a restore."""

from __future__ import annotations

import json
import locale
import os
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import PgBackRest
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import LiveCluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Finding
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError, RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

NEEDS = "needs"
LOCALES = "SELECT DISTINCT unnest(ARRAY[datcollate, datctype]) FROM pg_database ORDER BY 1;"
PRELOADED = "SHOW shared_preload_libraries;"
UNTOLD = "cannot be told: no server answered where the backup was taken, or an earlier version took it"
DEFAULT_PLACE = "$libdir/"


def needs_of(live: LiveCluster) -> str:
    """The note for a backup that is taken here; empty where no server of this host says what it needs."""
    if not os.access(live.binary_directory / "psql", os.X_OK):
        return ""
    try:
        locales, preloaded = live.ask(LOCALES), live.ask(PRELOADED)
    except RecoveryError:
        # A note is no reason to have no backup.
        return ""
    if not locales or not preloaded:
        return ""
    needs = {
        "collation": c_library(),
        "locales": [row[0] for row in locales],
        "libraries": [name.strip() for name in preloaded[0][0].split(",") if name.strip()],
    }
    return json.dumps(needs, separators=(",", ":"))


def c_library() -> str:
    """The C library of this host, which orders text; empty where it has no such name."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        return ""


def told_of(tool: PgBackRest, record: BackupRecord) -> dict[str, Any]:
    """All that the repository says about one backup."""
    answer = tool.read_json(f"read what backup {record.id} needs", "info", f"--set={record.id}")
    return next((each for stanza in answer for each in stanza["backup"] if each["label"] == record.id), {})


def tablespaces_of(told: dict[str, Any]) -> dict[str, str]:
    """Where the tablespaces of a backup were, by their names."""
    return {str(each["name"]): str(each["destination"]) for each in told.get("tablespace") or []}


def findings(told: dict[str, Any], live: LiveCluster, record: BackupRecord) -> list[Finding]:
    """What this host has of it; a database whose locale is missing accepts nobody, so that one is refused."""
    needs = noted_in(told)
    if needs is None:
        here = c_library() or "unknown"
        return [
            Finding("locales", False, UNTOLD, "all locales of its databases on this host"),
            Finding("collation", False, UNTOLD, f"text in the order of {here}"),
            Finding("libraries", False, UNTOLD, "all libraries that its server preloads"),
        ]
    return [locales_found(needs["locales"], record), collation_found(needs["collation"]), libraries_found(needs, live)]


def noted_in(told: dict[str, Any]) -> dict[str, Any] | None:
    """The note of a backup; None for one without, or with one that nobody here understands."""
    try:
        needs = json.loads((told.get("annotation") or {}).get(NEEDS) or "null")
    except ValueError:
        return None
    return needs if isinstance(needs, dict) and {"collation", "locales", "libraries"} <= set(needs) else None


def locales_found(wanted: list[str], record: BackupRecord) -> Finding:
    missing = [name for name in wanted if not is_known_locale(name)]
    if missing:
        raise PreconditionError(
            f"restore backup {record.id}",
            cause=f"its databases have the locale {', '.join(missing)}, which this host does not know",
            next_action="Generate it here with locale-gen or localedef, or restore on a host that has it",
        )
    return Finding("locales", True, "all there", ", ".join(wanted))


def is_known_locale(name: str) -> bool:
    """The question that PostgreSQL puts, too, before it lets anybody into a database."""
    before = locale.setlocale(locale.LC_COLLATE)
    try:
        locale.setlocale(locale.LC_COLLATE, name)
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_COLLATE, before)
    return True


def collation_found(wanted: str) -> Finding:
    """Another C library may order text in another way, which indexes on text do not survive: looking through tells."""
    here = c_library()
    is_same = bool(wanted) and here == wanted
    return Finding("collation", is_same, here or "unknown", wanted or "unknown")


def libraries_found(needs: dict[str, Any], live: LiveCluster) -> Finding:
    """A copy preloads none of them; a server that goes live does, as far as the settings of this host say so."""
    wanted = [name.removeprefix(DEFAULT_PLACE) for name in needs["libraries"]]
    if not wanted:
        return Finding("libraries", True, "none needed", "none")
    required, place = ", ".join(wanted), library_directory(live)
    if place is None:
        return Finding("libraries", False, f"cannot be told: {live.binary_directory} has no pg_config", required)
    missing = [name for name in wanted if not (place / f"{name}.so").exists()]
    return Finding("libraries", not missing, f"missing: {', '.join(missing)}" if missing else "all there", required)


def library_directory(live: LiveCluster) -> Path | None:
    program = live.binary_directory / "pg_config"
    if not os.access(program, os.X_OK):
        return None
    finished = run_tool([str(program), "--pkglibdir"], deadline=live.deadline)
    return Path(finished.stdout.strip()) if finished.rc == 0 and finished.stdout.strip() else None
