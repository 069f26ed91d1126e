# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What ``pg_controldata`` says of a PostgreSQL data directory, read without asking the server."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError, ToolError

# The states that PostgreSQL writes; any other word is a version we do not know.
SHUT_DOWN = "shut down"
SHUT_DOWN_IN_RECOVERY = "shut down in recovery"
IN_PRODUCTION = "in production"
IN_ARCHIVE_RECOVERY = "in archive recovery"
STATES = frozenset(
    {SHUT_DOWN, SHUT_DOWN_IN_RECOVERY, IN_PRODUCTION, IN_ARCHIVE_RECOVERY, "starting up", "shutting down"}
    | {"in crash recovery"}
)


@dataclass(frozen=True)
class ControlData:
    """The control file of a cluster; LSNs are text as PostgreSQL writes them (``0/5000060``)."""

    system_identifier: str
    cluster_state: str
    checkpoint_lsn: str
    redo_lsn: str
    timeline: int
    previous_timeline: int
    minimum_recovery_end_lsn: str
    minimum_recovery_end_timeline: int
    wal_segment_bytes: int
    has_data_checksums: bool

    @property
    def is_cleanly_shut_down(self) -> bool:
        """Whether the server ended by itself after its shutdown checkpoint (as a primary or as a standby)."""
        return self.cluster_state in (SHUT_DOWN, SHUT_DOWN_IN_RECOVERY)


def parse_control_data(text: str, *, of: str) -> ControlData:
    """Parse the output of ``pg_controldata`` (in the C locale); a missing line is an IntegrityError."""
    fields = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip()] = value.strip()
    try:
        parsed = ControlData(
            system_identifier=str(int(fields["Database system identifier"])),
            cluster_state=fields["Database cluster state"],
            checkpoint_lsn=fields["Latest checkpoint location"],
            redo_lsn=fields["Latest checkpoint's REDO location"],
            timeline=int(fields["Latest checkpoint's TimeLineID"]),
            previous_timeline=int(fields["Latest checkpoint's PrevTimeLineID"]),
            minimum_recovery_end_lsn=fields["Minimum recovery ending location"],
            minimum_recovery_end_timeline=int(fields["Min recovery ending loc's timeline"]),
            wal_segment_bytes=int(fields["Bytes per WAL segment"]),
            has_data_checksums=int(fields["Data page checksum version"]) > 0,
        )
    except (KeyError, ValueError) as error:
        raise IntegrityError(
            f"read the control data of {of}",
            cause=f"the line {error} is missing or not understood",
            next_action="Compare the version of pg_controldata with the version of the data directory",
        ) from error
    if parsed.cluster_state not in STATES:
        raise IntegrityError(
            f"read the control data of {of}",
            cause=f"the cluster state {parsed.cluster_state!r} is not known",
            next_action="Compare the version of pg_controldata with the version of the data directory",
        )
    return parsed


def control_data_command(binary_directory: str, data_directory: str) -> list[str]:
    """The command whose output ``parse_control_data`` reads; to be run with LC_ALL=C."""
    return [f"{binary_directory}/pg_controldata", "-D", data_directory]


def read_control_data(binary_directory: str, data_directory: str, *, deadline: Deadline) -> ControlData:
    """The control data of a data directory on this host; needs the right to read it (root or its owner)."""
    argv = control_data_command(binary_directory, data_directory)
    finished = run_tool(argv, deadline=deadline, environment={"LC_ALL": "C"})
    what = f"read the control data of {data_directory}"
    require_success(finished, what, next_action=f"See whether {data_directory} is a data directory that may be read")
    if "WARNING" in finished.stdout + finished.stderr:
        # A wrong checksum of the control file is only a warning to pg_controldata, with exit code 0.
        raise ToolError(
            what,
            cause=finished.last_lines,
            next_action="Do not start this cluster; restore or re-clone it",
        )
    return parse_control_data(finished.stdout, of=data_directory)
