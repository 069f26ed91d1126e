# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""An exact copy of a stanza from one directory to another: pgBackRest itself copies no backups.

Its files are never changed once they are written, but for the four that list the others; these are copied last.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    DeadlineError,
    IntegrityError,
    PreconditionError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.base import Repository

LISTING = ("backup.info", "backup.info.copy", "archive.info", "archive.info.copy")
CHUNK_BYTES = 1024 * 1024


def directories(source: Repository, target: Repository) -> tuple[Path, Path]:
    """Both as directories of this host; anything else pgBackRest has to fill itself."""
    if source.local_directory is None or target.local_directory is None:
        raise PreconditionError(
            f"copy backups from {source} to {target}",
            cause="pgBackRest copies no backups, and only a directory of this host can be copied as it is",
            next_action="Configure both as repositories of the stanza, so that the log is archived into both, and take "
            "backups into the second one as well",
        )
    return Path(source.local_directory), Path(target.local_directory)


def is_there(directory: Path, stanza: str) -> bool:
    """Whether a directory holds the stanza at all."""
    return (directory / "backup" / stanza / "backup.info").exists()


def require_copy(ours: list[BackupRecord], theirs: list[BackupRecord], target: Repository) -> None:
    """Raise when the target holds backups that it cannot have from here: its list of them would be overwritten."""
    known = {record.identity for record in ours}
    since = min((record.stopped_at for record in ours), default=None)
    foreign = [
        record.id for record in theirs if record.identity not in known and (since is None or record.stopped_at >= since)
    ]
    if foreign:
        raise PreconditionError(
            f"copy to {target}",
            cause=f"it holds backups of this stanza that are not from here: {', '.join(foreign)}",
            next_action="Name a directory of its own for the copy; if backups were lost here, restore from there first",
        )


def whole_copies(source: Path, target: Path, stanza: str, records: list[BackupRecord]) -> set[str]:
    """The backups of which the target has every file, and all of the log that the source has."""
    if missing_files(source / "archive" / stanza, target / "archive" / stanza):
        return set()
    return {
        record.id
        for record in records
        if all(
            not missing_files(source / "backup" / stanza / name, target / "backup" / stanza / name)
            for name in {record.id, *record.chain}
        )
    }


def missing_files(source: Path, target: Path) -> list[str]:
    """The files that the target lacks, or has otherwise, by their names below the source."""
    return [
        str(file.relative_to(source)) for file in files_of(source) if not alike(file, target / file.relative_to(source))
    ]


def files_of(directory: Path) -> list[Path]:
    return sorted(file for file in directory.rglob("*") if file.is_file() and not file.is_symlink())


def alike(file: Path, copy: Path) -> bool:
    """The same size and time: a copy gets its time only when it was written and read back as a whole."""
    try:
        wanted, seen = file.stat(), copy.stat()
    except OSError:
        return False
    return wanted.st_size == seen.st_size and wanted.st_mtime_ns == seen.st_mtime_ns


def copy_stanza(source: Path, target: Path, stanza: str, deadline: Deadline) -> None:
    """Bring the target up to the source. What only the target has stays there."""
    listing: list[bytes] = []
    while not listing or listing != listing_of(source, stanza):
        listing = listing_of(source, stanza)
        for part in ("backup", "archive"):
            copy_tree(source / part / stanza, target / part / stanza, deadline)
    for part in ("backup", "archive"):
        for name in LISTING:
            file = source / part / stanza / name
            if file.exists():
                copy_file(file, target / part / stanza / name, deadline)
        copy_links(source / part / stanza, target / part / stanza)
        sync_directory(target / part / stanza)


def listing_of(source: Path, stanza: str) -> list[bytes]:
    """What lists the backups: when it has changed, one came or went while we copied."""
    files = [source / part / stanza / name for part in ("backup", "archive") for name in LISTING]
    return [file.read_bytes() for file in files if file.exists()]


def copy_tree(source: Path, target: Path, deadline: Deadline) -> None:
    for folder in [source, *sorted(each for each in source.rglob("*") if each.is_dir() and not each.is_symlink())]:
        place = target / folder.relative_to(source)
        place.mkdir(parents=True, exist_ok=True)
        copied = [file for file in folder.iterdir() if copy_needed(file, place / file.name)]
        for file in copied:
            copy_file(file, place / file.name, deadline)
        if copied:
            sync_directory(place)


def copy_needed(file: Path, copy: Path) -> bool:
    return file.is_file() and not file.is_symlink() and file.name not in LISTING and not alike(file, copy)


def copy_links(source: Path, target: Path) -> None:
    """pgBackRest's own pointer to the newest backup."""
    for link in source.iterdir():
        if link.is_symlink():
            beside = target / f".{link.name}.new"
            beside.unlink(missing_ok=True)
            beside.symlink_to(link.readlink())
            beside.rename(target / link.name)


def copy_file(file: Path, copy: Path, deadline: Deadline) -> None:
    """Written beside, read back, compared, and only then in its place."""
    if deadline.is_over:
        raise DeadlineError(
            f"copy {file}",
            cause=f"not done within {deadline.seconds:g} s",
            next_action="Run again: it goes on from there",
        )
    beside = copy.with_name(f".{copy.name}.copying")
    digest = hashlib.sha256()
    with file.open("rb") as reading, beside.open("wb") as writing:
        while chunk := reading.read(CHUNK_BYTES):
            digest.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    with beside.open("rb") as reading:
        if hashlib.file_digest(reading, "sha256").digest() != digest.digest():
            raise IntegrityError(
                f"copy {file} to {copy}",
                cause="it reads back differently",
                next_action="Look at the disk of the target",
            )
    shutil.copystat(file, beside)
    beside.rename(copy)
