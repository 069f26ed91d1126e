# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Making a server the standby of another: following as it is, rewinding, or cloning beside and swapping."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_cluster import Cluster
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_settings import (
    conninfo,
    edit_automatic,
    put_back_in_file,
    standby_settings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_timeline import (
    CLONE,
    FOLLOW,
    REWIND,
    Ancestry,
    Return,
    way_back,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.base import Upstream
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import (
    remove_durably,
    sync_directory,
    write_durably,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    PreconditionError,
    RecoveryError,
    TimelineError,
    ToolError,
)


class Rejoin:
    """One return of one cluster. The cluster is stopped when ``prepare`` is called, and started by the caller."""

    def __init__(self, cluster: Cluster, upstream: Upstream, *, aside: str, deadline: Deadline) -> None:
        self.cluster = cluster
        self.upstream = upstream
        self.aside = cluster.data_directory.with_name(f"{cluster.data_directory.name}.pre-{aside}")
        self.clone = cluster.data_directory.with_name(f"{cluster.data_directory.name}.clone-{aside}")
        self.deadline = deadline
        self.notes: list[str] = []

    def decide(self, how: str, identity: dict[str, Any], history: Ancestry) -> Return:
        """The way to take; asking for a lighter one than the log allows is refused before anything is touched."""
        if not self.cluster.exists or self.cluster.rewind_marker.exists():
            found = Return(CLONE, "its data directory is missing or was left half rewound")
        else:
            local = self.cluster.control_data(self.deadline)
            if local.system_identifier != identity["system_identifier"]:
                raise TimelineError(
                    f"make {self.cluster.label} a standby of {self.upstream.host}",
                    cause=f"it is the system {local.system_identifier}, the upstream {identity['system_identifier']}",
                    next_action="Name the right upstream; another system's data is never overwritten",
                )
            found = way_back(local, history)
        order = [FOLLOW, REWIND, CLONE]
        if how != "auto" and order.index(how) < order.index(found.way):
            raise TimelineError(
                f"{how} {self.upstream.host} with {self.cluster.label}",
                cause=f"this needs a {found.way}: {found.reason}",
                next_action=f"Give rejoin: {found.way}, or auto",
            )
        return found if how in ("auto", found.way) else Return(how, f"asked for; {found.way} would do: {found.reason}")

    def prepare(self, chosen: Return) -> str:
        """Bring the data directory into the state to start from; returns the way that was taken in the end."""
        write_password_file(self.cluster, self.upstream)
        way = chosen.way
        if self.cluster.exists:
            put_back_in_file(self.cluster.data_directory)
        if way == REWIND:
            self.rewind()
        if way == CLONE:
            self.replace_by_clone()
        self.configure()
        return way

    def configure(self) -> None:
        """From here on it can only start as a standby of the upstream."""
        self.cluster.write_standby_signal()
        parameters = {
            "host": self.upstream.host,
            "port": self.upstream.port,
            "user": self.upstream.user,
            "passfile": self.cluster.password_file,
            "application_name": self.upstream.slot,
            "connect_timeout": 2,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
        }
        settings = standby_settings(conninfo(parameters), self.upstream.slot)
        edit_automatic(self.cluster.data_directory, settings)

    def rewind(self) -> None:
        """Undo what the upstream does not have. The marker goes first: killed half-way, only a clone will do."""
        cluster = self.cluster
        restore = configured(cluster, "restore_command", self.deadline)
        write_durably(cluster.rewind_marker, "a rewind of this data directory has begun and not ended\n")
        # Its crash recovery is done by a single-user server, which knows no standby mode.
        cluster.remove_signals()
        source = {"host": self.upstream.host, "port": self.upstream.port, "user": self.upstream.user}
        argv = [
            f"{cluster.binary_directory}/pg_rewind",
            f"--target-pgdata={cluster.data_directory}",
            f"--source-server={conninfo({**source, 'dbname': 'postgres', 'connect_timeout': 2})}",
            f"--config-file={cluster.configuration_file}",
            *(["--restore-target-wal"] if restore else []),
        ]
        environment = {"PGPASSFILE": str(cluster.password_file), "LC_ALL": "C"}
        what = f"rewind {cluster.label} to {self.upstream.host}"
        finished = run_tool(argv, deadline=self.deadline, environment=environment)
        require_success(finished, what, next_action="Run again: the data directory is marked, it will be cloned")
        said = finished.stdout + finished.stderr
        if "Done!" not in said and "no rewind required" not in said:
            raise ToolError(what, cause=finished.last_lines, next_action="Run again: it will be cloned")
        # The rewind brought the upstream's own automatic settings with it.
        put_back_in_file(cluster.data_directory)
        self.configure()
        remove_durably(cluster.rewind_marker)

    def replace_by_clone(self) -> None:
        """A copy beside, then two renames; the old data stays aside until somebody removes it."""
        cluster = self.cluster
        refuse_outside_data(cluster.data_directory)
        if self.aside.exists():
            raise PreconditionError(
                f"clone {cluster.label}",
                cause=f"{self.aside} is there already",
                next_action="Remove it if it is no longer needed, or use another run id",
            )
        shutil.rmtree(self.clone, ignore_errors=True)
        source = {"host": self.upstream.host, "port": self.upstream.port, "user": self.upstream.user}
        argv = [
            f"{cluster.binary_directory}/pg_basebackup",
            f"--pgdata={self.clone}",
            f"--dbname={conninfo({**source, 'connect_timeout': 2, 'application_name': 'recovery_clone'})}",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-password",
        ]
        environment = {"PGPASSFILE": str(cluster.password_file), "LC_ALL": "C"}
        try:
            finished = run_tool(argv, deadline=self.deadline, environment=environment)
            require_success(
                finished,
                f"clone {self.upstream.host} beside {cluster.data_directory}",
                next_action="See its words; the old data directory is untouched",
            )
        except RecoveryError:
            shutil.rmtree(self.clone, ignore_errors=True)
            raise
        write_durably(self.clone / "standby.signal", "")
        if cluster.data_directory.exists():
            cluster.data_directory.rename(self.aside)
            self.notes.append(f"the old data is kept in {self.aside}")
        self.clone.rename(cluster.data_directory)
        sync_directory(cluster.data_directory.parent)
        put_back_in_file(cluster.data_directory)
        remove_durably(cluster.rewind_marker)


def configured(cluster: Cluster, setting: str, deadline: Deadline) -> str:
    """The value that a stopped server would start with."""
    argv = [
        f"{cluster.binary_directory}/postgres",
        *("-C", setting, "-D", str(cluster.data_directory)),
        *("-c", f"config_file={cluster.configuration_file}"),
    ]
    finished = run_tool(argv, deadline=deadline)
    require_success(finished, f"read the setting {setting}", next_action=f"See {cluster.configuration_file}")
    return finished.stdout.strip()


def write_password_file(cluster: Cluster, upstream: Upstream) -> None:
    """The password where libpq looks for it, readable by the server's user alone."""
    fields = [upstream.host, str(upstream.port), "*", upstream.user, upstream.password]
    line = ":".join(field if field == "*" else re.sub(r"([\\:])", r"\\\1", field) for field in fields)
    write_durably(cluster.password_file, line + "\n")


def refuse_outside_data(data_directory: Path) -> None:
    """Swapping directories moves only what is inside: tablespaces and a log elsewhere are for a person."""
    outside = []
    with suppress(FileNotFoundError):
        outside = [str(entry) for entry in (data_directory / "pg_tblspc").iterdir()]
    if (data_directory / "pg_wal").is_symlink():
        outside.append(str(data_directory / "pg_wal"))
    if data_directory.is_symlink() or data_directory.is_mount():
        outside.append(str(data_directory))
    if outside:
        raise PreconditionError(
            f"clone into {data_directory}",
            cause=f"data lies outside of the directory that would be swapped: {', '.join(outside)}",
            next_action="Clone this server by hand",
        )
