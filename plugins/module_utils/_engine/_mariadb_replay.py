# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Replaying binary log files onto a restored copy: exactly to a transaction's boundary, and proven by the server."""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_binlog import (
    LogPosition,
    Transaction,
    gtids_text,
    parse_gtids,
    read_content,
    require_boundary,
    stop_after_gtid,
    stop_before_second,
    transactions,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_choice import (
    Way,
    is_at_start,
    place_of_gtid,
    until_second,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_instance import (
    OWN_LOG,
    Instance,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._mariadb_log import Stretch
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Selection
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    IntegrityError,
    LogGapError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import from_epoch, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

OWN_SERVER_ID = 4294967295


@dataclass(frozen=True)
class Ending:
    """Where a recovery ends: the position, on which timeline, the last transaction before it, and when that was."""

    position: LogPosition
    timeline: int
    gtid: str
    at: str | None


@dataclass(frozen=True)
class Proven:
    """What was told when a copy was proven and is needed when it is opened."""

    ending: Ending
    names_are_lower_case: int
    listen: str
    selection: Selection


def needed(way: Way, target: RecoveryTarget) -> list[Stretch]:
    """The files that can hold something from before the target."""
    if target.kind == "immediate":
        return []
    if target.kind == "time" and target.at is not None:
        return until_second(way.stretches, int(target.at.timestamp()))
    if target.kind == "log_position" and target.value is not None:
        position = LogPosition.parse(target.value)
        index = next((i for i, each in enumerate(way.stretches) if each.holds(position)), -1)
        return way.stretches[: index + 1]
    if target.kind == "gtid" and target.value is not None:
        place = None if is_at_start(way.start, target.value) else place_of_gtid(way, target.value)
        return [] if place is None else way.stretches[: place + 1]
    return way.stretches


def require_same(stretches: list[Stretch], directory: Path) -> None:
    """Raise unless every file is, byte by byte, the one that the server closed."""
    for log in (stretch.log for stretch in stretches):
        path = directory / log.place
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while piece := stream.read(1024 * 1024):
                digest.update(piece)
        content = read_content(path)
        if digest.hexdigest() != log.sha256 or gtids_text(content.ends_with) != log.ends_with:
            raise IntegrityError(
                f"read the binary log file {log.name} back",
                cause="it is not what was shipped",
                next_action="Check the repository with backup_verify, and choose an earlier target",
            )


def cut(stretches: list[Stretch], target: RecoveryTarget, directory: Path) -> list[Stretch]:
    """The same stretches, the last one ending exactly at the target."""
    if not stretches:
        return []
    *before, last = stretches
    path = directory / last.log.place
    if target.kind == "time" and target.at is not None:
        return cut_before_second(stretches, int(target.at.timestamp()), directory)
    if target.kind == "log_position" and target.value is not None:
        offset = LogPosition.parse(target.value).offset
        require_boundary(path, offset)
        return [*before, replace(last, stop=offset)]
    if target.kind == "gtid" and target.value is not None:
        found = stop_after_gtid(path, target.value)
        if found is None or (last.stop is not None and found.end > last.stop):
            raise LogGapError(
                f"recover to {target}",
                cause=f"{last.log.name} does not hold it, although what is before and after it is there",
                next_action="Another server may have written it: name one that this server committed",
            )
        return [*before, replace(last, stop=found.end)]
    return stretches


def cut_before_second(stretches: list[Stretch], second: int, directory: Path) -> list[Stretch]:
    """Everything before the first transaction of that second or a later one: nothing younger is ever replayed."""
    kept: list[Stretch] = []
    for stretch in stretches:
        found = stop_before_second(directory / stretch.log.place, second, stretch.start)
        if found is not None and (stretch.stop is None or found.start < stretch.stop):
            return [*kept, replace(stretch, stop=found.start)]
        kept.append(stretch)
    return kept


def ending_of(way: Way, stretches: list[Stretch], directory: Path) -> Ending:
    """What the files say about where the stretches end."""
    gtids, last_at, position, timeline = dict(way.start.gtids), None, way.start.position, way.start.timeline
    for stretch in stretches:
        for each in transactions(directory / stretch.log.place):
            if is_within(each, stretch):
                gtids.update(parse_gtids(each.gtid))
                last_at = each.at
        stop = stretch.log.size_bytes if stretch.stop is None else stretch.stop
        position, timeline = LogPosition(stretch.log.number, stretch.log.name, stop), stretch.log.timeline
    return Ending(position, timeline, gtids_text(gtids), None if last_at is None else written(from_epoch(last_at)))


def is_within(transaction: Transaction, stretch: Stretch) -> bool:
    return transaction.start >= stretch.start and (stretch.stop is None or transaction.end <= stretch.stop)


def runs(stretches: list[Stretch]) -> list[list[Stretch]]:
    """Stretches that one call of mariadb-binlog can read: only the first may begin late and the last end early."""
    grouped: list[list[Stretch]] = []
    for stretch in stretches:
        if not grouped or grouped[-1][-1].stop is not None or stretch.start:
            grouped.append([])
        grouped[-1].append(stretch)
    return grouped


def replay(instance: Instance, way: Way, stretches: list[Stretch], directory: Path, ending: Ending) -> None:
    """Feed the log to the copy, in one session, and see the server say that it committed the last transaction of it."""
    what = f"replay the binary log up to {ending.position}"
    instance.start(
        "--skip-grant-tables",
        f"--log-bin={instance.own / OWN_LOG}",
        f"--server-id={OWN_SERVER_ID}",
        "--sync-binlog=0",
        "--innodb-flush-log-at-trx-commit=0",
        "--local-infile=ON",
    )
    proof = secrets.token_hex(8)
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complaints:
        client = subprocess.Popen(
            instance.programs.argv("mariadb", *instance.client_arguments(), "--local-infile=1"),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=complaints,
        )
        try:
            feed(instance, client, stretches, directory, proof)
            client.wait(timeout=instance.programs.deadline.remaining)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            pass
        finally:
            is_late = client.poll() is None
            if is_late and instance.programs.deadline.is_over:
                client.kill()
            client.wait()
        require_replayed(what, client.returncode, is_late, read(said), read(complaints), proof, way, ending)
    instance.stop()
    instance.require_clean_end()


def feed(
    instance: Instance, client: subprocess.Popen[bytes], stretches: list[Stretch], directory: Path, proof: str
) -> None:
    """Write to the client what mariadb-binlog makes of the files; a reader that fails never lets the proof be asked."""
    pipe = client.stdin
    if pipe is None:
        raise AssertionError("the client was started with a pipe")
    with pipe:
        # From here on the session may change accounts as well: it began before there were any. Ours is no transaction.
        pipe.write(b"FLUSH LOCAL PRIVILEGES;\n")
        pipe.flush()
        for run in runs(stretches):
            decode(instance, client, run, directory, pipe)
        pipe.write(f"SELECT '{proof}', @@GLOBAL.gtid_binlog_pos;\n".encode())


def decode(
    instance: Instance, client: subprocess.Popen[bytes], run: list[Stretch], directory: Path, pipe: IO[bytes]
) -> None:
    """One run of the reader; when the client died first, what the client said is the cause."""
    arguments = ["--no-defaults", f"--local-load={instance.own}"]
    if run[0].start:
        arguments.append(f"--start-position={run[0].start}")
    if run[-1].stop is not None:
        arguments.append(f"--stop-position={run[-1].stop}")
    files = [str(directory / stretch.log.place) for stretch in run]
    argv = instance.programs.argv("mariadb-binlog", *arguments, *files)
    try:
        finished = subprocess.run(
            argv,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.PIPE,
            timeout=instance.programs.deadline.remaining,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DeadlineError(
            f"replay {run[0].log.name} to {run[-1].log.name}",
            cause=f"still running after {instance.programs.deadline.seconds:g} s",
            next_action="Raise the deadline: replay takes as long as there is log; or restore a later backup",
        ) from error
    if finished.returncode != 0:
        if client.poll() is not None:
            raise BrokenPipeError
        words = finished.stderr.decode(errors="backslashreplace")
        raise ToolError(
            f"read {run[0].log.name} to {run[-1].log.name}",
            cause=f"mariadb-binlog ended with {finished.returncode}: {' '.join(words.split())}",
            next_action="Check the repository with backup_verify, and choose an earlier target",
        )


def read(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="backslashreplace")


def require_replayed(
    what: str, rc: int, is_late: bool, said: str, complaints: str, proof: str, way: Way, ending: Ending
) -> None:
    """The proof comes back only when everything before it was executed; then the server's own count must be right."""
    found = [line.split("\t") for line in said.splitlines() if line.startswith(proof)]
    if rc != 0 or not found:
        cause = "it was not done when the deadline was over" if is_late else " ".join(complaints.split())[-1500:]
        raise IntegrityError(
            what,
            cause=cause or f"the client ended with {rc} and without the proof",
            next_action="Choose an earlier target, or look at the statement that failed",
        )
    counted = parse_gtids(found[0][1] if len(found[0]) > 1 else "")
    wanted = {domain: gtid for domain, gtid in parse_gtids(ending.gtid).items() if way.start.gtids.get(domain) != gtid}
    if counted != wanted:
        raise IntegrityError(
            what,
            cause=f"the server counted {gtids_text(counted) or 'no transaction'}, wanted is {gtids_text(wanted)}",
            next_action="Choose an earlier target; this one is not proven to be complete",
        )
