# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a running PostgreSQL server has committed anything that the repository does not have.

Positions are compared, and what lies between them is read record by record. A counter of transactions would not do: one
that began long ago, or was prepared, takes no new number when it commits.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_live import LiveCluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._values import (
    PRIMARY,
    STANDBY,
    Catalogue,
    ServerAnswer,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import lsn_text
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, ToolError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn

# A server that hangs is asked in vain, and whoever asks has more to do.
ASKING_SECONDS = 20.0
# What was committed without waiting for the disk lies in memory until the server's writer comes round, every 0.2 s.
WRITING_SECONDS = 3.0
# In one moment, and in this order: the position where the next record will be, and how far the files reach.
QUESTION = """
SELECT pg_is_in_recovery(), system_identifier,
       CASE WHEN pg_is_in_recovery() THEN '0/0' ELSE pg_current_wal_insert_lsn()::text END,
       CASE WHEN pg_is_in_recovery() THEN '0/0' ELSE pg_current_wal_lsn()::text END,
       CASE WHEN pg_is_in_recovery() THEN 0
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,
       (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size'), current_setting('wal_block_size'),
       current_setting('archive_mode'), current_setting('data_directory'),
       coalesce((SELECT last_failed_wal FROM pg_stat_archiver
                  WHERE last_failed_time > coalesce(last_archived_time, '-infinity')), '')
  FROM pg_control_system();
"""
# What stands at the beginning of every segment and of every other page: the next record comes after it, and so does the
# position that is told.
SEGMENT_HEADER_BYTES, PAGE_HEADER_BYTES = 40, 24
# What a server without work writes by itself, and where pages have checksums also when it is only read: a page in which
# nothing but a hint was changed. Of everything else it is not known that nothing would be lost without it.
OWN_RECORDS = {
    ("Standby", "RUNNING_XACTS"),
    *(
        ("XLOG", name)
        for name in (
            "BACKUP_END",
            "CHECKPOINT_ONLINE",
            "CHECKPOINT_REDO",
            "CHECKPOINT_SHUTDOWN",
            "END_OF_RECOVERY",
            "FPI_FOR_HINT",
            "FPW_CHANGE",
            "NOOP",
            "PARAMETER_CHANGE",
            "SWITCH",
        )
    ),
}
RECORD = re.compile(
    r"rmgr: (?P<manager>\w+) +len \(rec/tot\): +\d+/ *(?P<bytes>\d+), tx: +\d+, "
    r"lsn: (?P<lsn>[0-9A-F]+/[0-9A-F]+), prev [0-9A-F]+/[0-9A-F]+, desc: (?P<name>\w+)"
)
GONE = "No such file or directory"
# A server that has more to say than this has not been idle.
MOST_RECORDS = 500


@dataclass(frozen=True)
class Standing:
    """Where the log of a running server stands."""

    is_in_recovery: bool
    system_identifier: str
    inserted: int
    written: int
    timeline: int
    segment_bytes: int
    page_bytes: int
    archive_mode: str
    data_directory: str
    failed_segment: str

    @classmethod
    def of(cls, row: list[str]) -> Standing:
        """Raises ValueError for an answer that is none."""
        recovers, identifier, inserted, written, timeline, size, page, mode, directory, failed = row
        return cls(
            recovers != "f",
            identifier,
            parse_lsn(inserted),
            parse_lsn(written),
            int(timeline),
            int(size),
            int(page),
            mode,
            directory,
            failed,
        )

    @property
    def end(self) -> int:
        """Where its log ends: a segment or page that holds nothing but its header has nothing of it."""
        if self.inserted % self.segment_bytes == SEGMENT_HEADER_BYTES:
            return self.inserted - SEGMENT_HEADER_BYTES
        return self.inserted - (PAGE_HEADER_BYTES if self.inserted % self.page_bytes == PAGE_HEADER_BYTES else 0)


def ask(live: LiveCluster, catalogue: Catalogue) -> ServerAnswer:
    """What the server of this host says, beside what the repository has."""
    live = replace(live, deadline=Deadline(min(ASKING_SECONDS, live.deadline.remaining)))
    seen = standing_of(live)
    if seen.is_in_recovery:
        return ServerAnswer(STANDBY, "it is in recovery and takes no writes")
    shipped, doubt = shipped_until(seen, catalogue)
    if doubt:
        return ServerAnswer(PRIMARY, doubt, position=lsn_text(seen.inserted))
    more = seen.end - shipped
    # What is not in its files cannot be read, and may be a commit that did not wait for the disk.
    is_readable = seen.written >= seen.end
    is_quiet = not more or (is_readable and is_without_changes(read_log(live, seen, shipped), seen, shipped))
    return ServerAnswer.compared(lsn_text(seen.inserted), lsn_text(shipped), more_bytes=more, is_quiet=is_quiet)


def standing_of(live: LiveCluster) -> Standing:
    """Where it stands, as soon as all of its log is in its files, or after a while as it is."""
    patience = Deadline(WRITING_SECONDS)
    while True:
        rows = live.require_answer(QUESTION)
        try:
            (row,) = rows
            seen = Standing.of(row)
        except (ValueError, InputError) as error:
            raise ToolError(
                f"ask the server on port {live.port} how far it has written",
                cause=f"its answer is not understood: {error}",
                next_action="Compare the version of the server with the supported ones",
            ) from error
        if seen.written >= seen.end or patience.is_over:
            return seen
        time.sleep(WRITING_SECONDS / 20)


def shipped_until(seen: Standing, catalogue: Catalogue) -> tuple[int, str]:
    """Until where the repository has the server's log without a gap, and why that cannot be compared, if so."""
    newest = max((int(window["timeline"]) for window in catalogue.windows), default=0)
    ends = [parse_lsn(window["until_lsn"]) for window in catalogue.windows if int(window["timeline"]) == newest]
    last = max(ends, default=0)
    doubts = {
        f"it is system {seen.system_identifier}, and the repository is of system {catalogue.system_identifier}": (
            seen.system_identifier != catalogue.system_identifier
        ),
        "nothing can be recovered from the repository": not ends,
        f"it is on timeline {seen.timeline}, and the newest in the repository is {newest}": seen.timeline != newest,
        # Who wrote that log stands behind it: this one is an older copy of who did.
        f"it stands at {lsn_text(seen.inserted)}, and the repository has log until {lsn_text(last)}": seen.end < last,
        "its archive_mode is off": seen.archive_mode == "off",
        f"its archiver fails, last with {seen.failed_segment}": bool(seen.failed_segment),
    }
    return last, next((doubt for doubt, is_so in doubts.items() if is_so), "")


def read_log(live: LiveCluster, seen: Standing, start: int) -> list[re.Match[str] | None]:
    """The first records from a position to the end; None for what is not understood, and for what is gone already."""
    argv = [str(live.binary_directory / "pg_waldump"), f"--path={seen.data_directory}/pg_wal"]
    argv += [f"--timeline={seen.timeline}", f"--start={lsn_text(start)}", f"--end={lsn_text(seen.end)}"]
    finished = run_tool([*argv, f"--limit={MOST_RECORDS}"], deadline=live.deadline)
    if GONE in finished.stderr:
        # A segment is let go of when much more was written.
        return [None]
    if finished.rc != 0:
        raise ToolError(
            f"read the log in {seen.data_directory}/pg_wal from {lsn_text(start)} on",
            cause=finished.last_lines or f"pg_waldump ended with {finished.rc}",
            next_action="Run it as the user of the server, with the pg_waldump of its version",
        )
    return [RECORD.match(line) for line in finished.stdout.splitlines()]


def is_without_changes(records: list[re.Match[str] | None], seen: Standing, start: int) -> bool:
    """Whether these records are all there are from a position to the end, and none of them changes anything."""
    known = [each for each in records if each is not None and (each["manager"], each["name"]) in OWN_RECORDS]
    if not known or len(known) != len(records) or len(records) >= MOST_RECORDS:
        return False
    # What was begun before that position and ends after it is not among them.
    is_from_start = parse_lsn(known[0]["lsn"]) - start in (0, SEGMENT_HEADER_BYTES)
    last, total = parse_lsn(known[-1]["lsn"]), int(known[-1]["bytes"])
    # A record may be spread over pages, each with its header; after a switch the rest of the segment is empty.
    room = total + SEGMENT_HEADER_BYTES * (2 + total // seen.page_bytes)
    is_to_end = seen.end - last <= room or (known[-1]["name"] == "SWITCH" and seen.end - last <= seen.segment_bytes)
    return is_from_start and is_to_end
