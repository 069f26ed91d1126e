# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Taking backups with pgBackRest, shipping the log, and judging what lies in the repository."""

from __future__ import annotations

import re
from configparser import Error as ConfigurationError
from configparser import RawConfigParser
from dataclasses import replace
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest import (
    PgBackRest,
    cleaned,
    meaning_of,
    said_badly,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_catalogue import StanzaInfo
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._pgbackrest_verify import Findings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import LiveCluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import (
    Archive,
    Segments,
    window_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Examination, Taken
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    PreconditionError,
    RecoveryError,
    SpaceError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

TOOL_TYPES = {"full": "full", "differential": "diff", "incremental": "incr"}
# What pgBackRest keeps with a backup, in its own words.
SET = "consistency_id"
LABEL = re.compile(r"new backup label = (\S+)")
DONE = "backup command end: completed successfully"
WRITE_FAILED = re.compile(r"\[064\]|FileWriteError|unable to write")
NEXT_TO_NOTHING_BYTES = 16 * 1024 * 1024
ARCHIVER_SECONDS = 5.0
WARNING = re.compile(r"WARN: (.+)")


def require_right_host(tool: PgBackRest, repository: Repository, strategy: str) -> None:
    """pgBackRest takes a backup only where the repository is, and only the database's host can close its log."""
    hosts = configured_hosts(tool)
    repository_host = hosts.get(f"repo{tool.repository_number}-host")
    database_hosts = sorted(value for name, value in hosts.items() if re.fullmatch(r"pg\d+-host", name))
    what = f"take a {strategy} backup of stanza {tool.stanza} here"
    if strategy != "transaction_log" and repository_host:
        raise PreconditionError(
            what,
            cause=f"{repository} is kept by another host, and pgBackRest takes its backups only there",
            next_action=f"Run this on the repository host {repository_host}",
        )
    if strategy == "transaction_log" and database_hosts:
        raise PreconditionError(
            what,
            cause="this host has no database of its own",
            next_action=f"Run this on the database host that is primary: one of {', '.join(database_hosts)}",
        )


def configured_hosts(tool: PgBackRest) -> dict[str, str]:
    """Every host that the configuration names; nothing else of it, for it holds secrets."""
    parser = RawConfigParser(strict=False, delimiters=("=",), interpolation=None)
    what = f"read {tool.configuration_file}"
    try:
        with open(tool.configuration_file, encoding="utf-8") as file:
            parser.read_file(file)
    except OSError as error:
        raise PreconditionError(
            what, cause=str(error), next_action="Run the role protect for this host, or set configuration_file"
        ) from error
    except ConfigurationError as error:
        raise PreconditionError(
            what, cause=f"it is not understood ({type(error).__name__})", next_action="Write it again with protect"
        ) from error
    found: dict[str, str] = {}
    for section in ("global", "global:backup", tool.stanza):
        if parser.has_section(section):
            found.update({name: value for name, value in parser.items(section) if name.endswith("-host")})
    return found


def take_backup(tool: PgBackRest, strategy: str, repository: Repository, consistency_id: str = "") -> Taken:
    """One backup; success is the tool's own last word and a label, not its exit code."""
    what = f"take a {strategy} backup of stanza {tool.stanza} into {repository}"
    arguments = [f"--type={TOOL_TYPES[strategy]}", "--log-level-console=info", *tool.jobs_argument]
    arguments += [f"--annotation={SET}={consistency_id}"] if consistency_id else []
    finished = run_tool(tool.argv("backup", *arguments), deadline=tool.deadline)
    label = LABEL.search(finished.stdout)
    if finished.rc != 0:
        raise why_not_taken(said_badly(finished), what, repository, finished.rc)
    if label is None or DONE not in finished.stdout:
        raise ToolError(
            what,
            cause=f"pgBackRest ended with 0 but did not say that it made a backup: {cleaned(finished.last_lines)}",
            next_action="Run it by hand and read its log",
        )
    warnings = [" ".join(warning.split()) for warning in WARNING.findall(finished.stdout + finished.stderr)]
    return Taken(label[1], round(finished.seconds, 3), list(dict.fromkeys(warnings)))


def why_not_taken(said: str, what: str, repository: Repository, rc: int) -> RecoveryError:
    """pgBackRest loses the reason of a failed write on its way through the compressor; the disk still knows it."""
    free = repository.probe().free_bytes
    if WRITE_FAILED.search(said) and free is not None and free < NEXT_TO_NOTHING_BYTES:
        return SpaceError(
            what,
            cause=f"{cleaned(said)} | {free} bytes are free there",
            next_action="Free space in the repository or enlarge it; what was there before is intact",
            evidence={"free_bytes": free, "rc": rc},
        )
    return meaning_of(said, what, evidence={"tool": "pgbackrest", "rc": rc})


def forget_backups(
    tool: PgBackRest, going: list[BackupRecord], left: list[BackupRecord], repository: Repository
) -> None:
    """Remove backups one by one; with the last of them goes the log that is older than the oldest full one left."""
    # By its own count, which a policy of ours sets to everything, pgBackRest would never let go of any log.
    prefix, fulls = f"--repo{tool.repository_number}-retention-archive", [each for each in left if not each.chain]
    log = [f"{prefix}={max(len(fulls), 1)}", f"{prefix}-type=full"]
    for record in going:
        forget_backup(tool, record, repository, *(log if record is going[-1] else []))


def forget_backup(tool: PgBackRest, record: BackupRecord, repository: Repository, *arguments: str) -> None:
    """Remove one backup with whatever builds on it."""
    what = f"remove backup {record.id} from {repository}"
    tool.require(what, "expire", f"--set={record.id}", "--log-level-console=info", *arguments)
    listed = tool.read_json(what, "info")
    if any(each["label"] == record.id for stanza in listed for each in stanza.get("backup", [])):
        raise ToolError(
            what,
            cause="pgBackRest ended with 0, and the backup is still listed",
            next_action="See whether it is the newest full backup, which is never removed",
        )


def ship_log(live: LiveCluster, tool: PgBackRest, info: StanzaInfo, segments: Segments) -> dict[str, Any]:
    """Close the current segment on the primary and wait until the repository holds it."""
    what = f"ship the transaction log of stanza {tool.stanza}"
    row = live.require_answer(
        "SELECT pg_is_in_recovery(), current_setting('archive_mode'), system_identifier FROM pg_control_system();"
    )[0]
    if row[0] == "t":
        raise PreconditionError(what, cause="this server is a standby", next_action="Run this on the primary's host")
    if row[1] == "off":
        raise PreconditionError(what, cause="archive_mode is off", next_action="Run the role protect and restart")
    if row[2] != info.system_identifier:
        raise PreconditionError(
            what,
            cause=f"this server is system {row[2]}, the stanza is of system {info.system_identifier}",
            next_action="Correct the stanza or the port",
        )
    # A commit at its very end: recovery to any moment before it can then prove that it saw everything.
    live.require_answer("SELECT pg_current_xact_id();")
    lsn, name = live.require_answer("SELECT lsn, pg_walfile_name(lsn) FROM pg_switch_wal() AS lsn;")[0]
    timeline = int(name[:8], 16)
    closed = segments.name(timeline, segments.holding(max(parse_lsn(lsn) - 1, 0)))
    try:
        stored_as = await_segment(tool, info, closed)
    except DeadlineError as error:
        cause = f"{error.cause}; {archiver_says(live, closed)}"
        raise DeadlineError(what, cause=cause, next_action=error.next_action, evidence=error.evidence) from error
    return {"segment": closed, "lsn": lsn, "timeline": timeline, "stored_as": stored_as}


def archiver_says(live: LiveCluster, segment: str) -> str:
    """What the server's archiver did last, asked when the time for everything else is over."""
    rows = replace(live, deadline=Deadline(ARCHIVER_SECONDS)).ask(
        "SELECT coalesce(last_archived_wal, 'none'), coalesce(last_failed_wal, 'none'), failed_count,"
        " current_setting('archive_command') FROM pg_stat_archiver;"
    )
    if not rows:
        return "its server does not say what its archiver does"
    archived, failed, count, command = rows[0]
    if archived == segment:
        return f"its archive_command, {command!r}, says that it was shipped, and the repository does not have it"
    return f"its archiver shipped {archived} last, and failed {count} times, last with {failed}"


def await_segment(tool: PgBackRest, info: StanzaInfo, segment: str) -> str:
    """Wait until the repository holds a closed segment; the name of the file there."""
    what = f"see log segment {segment} arrive in the repository"
    directory = f"archive/{tool.stanza}/{info.archive_id}/{segment[:16]}"

    def arrived() -> str:
        listing = tool.read_json(what, "repo-ls", f"--filter=^{segment}-", directory) if info.archive_id else {}
        return next((each for each in listing if each.startswith(segment)), "")

    return tool.deadline.wait_until(
        what, arrived, bool, every_seconds=0.1, next_action="Look at archive_command and at the server's log"
    )


def examination(record: BackupRecord, findings: Findings, archive: Archive) -> Examination:
    """One backup's part of a verification, together with the continuity of the log it needs."""
    errors = [*findings.unequal.get("", []), *findings.unequal.get(record.id, [])]
    found = findings.backups.get(record.id)
    if found is None:
        errors.append("the verification does not mention it")
    elif not found.is_valid:
        errors.append(f"{found.status}: {found}")
    if window_of(record, record.timeline, archive) is None:
        errors.append(f"its log from {record.wal_start} to {record.wal_stop} is not complete in the archive")
    for name, log in findings.archives.items():
        if not log.is_valid:
            errors.append(f"the log {name}: {log}")
    if not findings.is_ok and not errors:
        other_is_bad = any(not each.is_valid for each in findings.backups.values())
        errors += [] if other_is_bad else ["the verification ended in an error that it did not explain"]
    evidence: dict[str, Any] = {
        "files_checked": 0 if found is None else found.checked,
        "files_valid": 0 if found is None else found.valid,
        "log_segments_checked": sum(each.checked for each in findings.archives.values()),
    }
    if errors:
        evidence["damaged_files"] = findings.damaged_files
    return Examination(errors, evidence)
