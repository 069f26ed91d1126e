# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Snapshots in a restic repository: storing, recording, reading, forgetting them, whatever they hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import (
    Restic,
    is_held_up,
    plain_words,
    said_badly,
    unexpected,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    write_tags,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_links import (
    following_no_links,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_stream import Judge, pipe
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_words import (
    asks_in_vain,
    meaning_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    LeaseError,
    RecoveryError,
    ToolError,
)

# restic made a snapshot, but could not read all of the source.
SOMETHING_UNREAD = 3
UNLOCK_SECONDS = 20.0
# What restic says when a restore has written everything.
READS_BACK = "verifying files in"


@dataclass(frozen=True)
class Stored:
    """A snapshot that was just stored, in restic's own numbers; ``unread`` names what is not in it."""

    id: str
    size_bytes: int
    added_bytes: int
    files: int
    seconds: float
    unread: list[str] = field(default_factory=list)


class Gate(Protocol):
    """What restic waits for before it reads: a descriptor that ends then, and what is left out, as patterns."""

    gate: int

    @property
    def left_out(self) -> list[str]: ...


def store_paths(
    tool: Restic, what: str, paths: list[str], tags: dict[str, str], *arguments: str, gate: Gate | None = None
) -> Stored:
    """Store files and directories. The caller judges what could not be read: ``arguments`` are restic's own."""
    words = ["--json", *write_tags(tags), *arguments]
    finished = None
    if gate is not None:
        # It reads this when it has opened the repository, and before it reads any path.
        finished = tool.attempt("backup", *words, "--exclude-file=/proc/self/fd/0", "--", *paths, stdin=gate.gate)
        words += [f"--exclude={pattern}" for pattern in gate.left_out]
    if finished is None or finished.rc != 0 and is_held_up(finished.stderr):
        finished = tool.run("backup", *words, "--", *paths)
    if finished.rc not in (0, SOMETHING_UNREAD):
        raise meaning_of(said_badly(finished), what, evidence={"tool": "restic", "rc": finished.rc})
    return stored_by(finished, what)


def patiently(tool: Restic, stream: Callable[[], tuple[Finished, Finished]]) -> tuple[Finished, Finished]:
    """A stream that finds the repository held by somebody else has moved nothing: it begins anew, for a while."""
    way = tool.way()
    while True:
        try:
            return stream()
        except LeaseError as error:
            if not way.is_made(error.cause):
                raise
        except RecoveryError:
            # restic that is interrupted while it makes its lock leaves that behind.
            with suppress(RecoveryError):
                tool.unlock(Deadline(UNLOCK_SECONDS))
            raise


def store_stream(
    tool: Restic,
    what: str,
    producer: list[str],
    *,
    file_name: str,
    tags: dict[str, str],
    judge: Judge,
    environment: dict[str, str] | None = None,
) -> tuple[Stored, Finished]:
    """Store what a producer writes, as one file; nothing is stored unless ``judge`` finds the producer good.

    The second value is what the producer said beside its stream.
    """
    argv = tool.argv("backup", "--json", *write_tags(tags), "--stdin", "--stdin-filename", file_name)
    produced, finished = patiently(
        tool,
        lambda: pipe(
            (producer, environment or {}),
            (argv, tool.environment),
            judge_source=judge,
            judge_sink=lambda ending: require_good(ending, what),
            deadline=tool.deadline,
            is_in_vain=asks_in_vain,
        ),
    )
    return stored_by(finished, what), produced


def read_stream(
    tool: Restic,
    what: str,
    snapshot: str,
    file_name: str,
    consumer: list[str],
    *,
    judge: Judge,
    environment: dict[str, str] | None = None,
) -> Finished:
    """Let a consumer read one file of a snapshot; it never sees the end of a stream that was cut off."""
    _dumped, consumed = patiently(
        tool,
        lambda: pipe(
            (tool.argv("dump", snapshot, f"/{file_name}"), tool.environment),
            (consumer, environment or {}),
            judge_source=lambda ending: require_good(ending, what),
            judge_sink=judge,
            deadline=tool.deadline,
            is_in_vain=asks_in_vain,
        ),
    )
    return consumed


def require_good(finished: Finished, what: str) -> None:
    if finished.rc != 0:
        raise meaning_of(said_badly(finished), what, evidence={"tool": "restic", "rc": finished.rc})


def stored_by(finished: Finished, what: str) -> Stored:
    """The summary that restic ends with; without one, or without a snapshot in it, nothing was stored."""
    summary: dict[str, Any] | None = None
    for line in finished.stdout.splitlines():
        content = parsed(line)
        if content.get("message_type") == "summary":
            summary = content
    try:
        if summary is None or not summary["snapshot_id"]:
            raise KeyError("snapshot_id")
        return Stored(
            id=str(summary["snapshot_id"]),
            size_bytes=int(summary["total_bytes_processed"]),
            added_bytes=int(summary["data_added"]),
            files=int(summary["total_files_processed"]),
            seconds=round(finished.seconds, 3),
            unread=[plain_words(line) for line in finished.stderr.splitlines() if parsed(line)],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise unexpected(what, f"restic ended with {finished.rc} but its summary lacks {error}") from error


def parsed(line: str) -> dict[str, Any]:
    """A line of JSON that holds an object; anything else is empty."""
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def list_snapshots(tool: Restic, what: str, stanza: str) -> list[dict[str, Any]]:
    """Everything that the repository holds under a name, as restic lists it. It takes no lock and writes nothing."""
    listed = tool.read_json(what, "snapshots", "--no-lock", "--tag", f"recovery,stanza={stanza}")
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise unexpected(what, "restic did not list snapshots")
    return listed


def restore_snapshot(
    tool: Restic,
    what: str,
    snapshot: str,
    target: Path,
    *arguments: str,
    once_written: Callable[[], object] = lambda: None,
) -> Finished:
    """Write a snapshot below a directory and let restic read every file of it back.

    ``once_written`` is called when it says that it only reads from now on; not at all when it never says so.
    """

    def heard(said: str) -> None:
        if READS_BACK in said:
            once_written()

    with following_no_links(tool, what, snapshot, target) as (careful, place):
        command = ("restore", snapshot, "--target", str(place), "--verify", *arguments)
        return careful.require(what, *command, heard=heard)


def forget_snapshots(tool: Restic, what: str, snapshots: list[str], stanza: str) -> None:
    """Remove exactly these snapshots, and from the store what only they needed. restic ignores what it cannot find."""
    if not snapshots:
        return
    tool.require(what, "forget", "--prune", *snapshots)
    left = {str(each.get("id")) for each in list_snapshots(tool, what, stanza)}
    still = sorted(left & set(snapshots))
    if still:
        raise ToolError(
            what,
            cause=f"restic ended with 0, and still there are {', '.join(each[:8] for each in still)}",
            next_action="See whether the store keeps them on purpose, such as by a lock on its objects",
        )
