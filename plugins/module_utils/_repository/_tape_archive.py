# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What stands on a tape, read from its beginning: a label, a manifest, and the files that both are of."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import stat
import struct
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    RepositoryError,
    SpaceError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import checksum_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_members import (
    name_of,
    plain_members,
    write_members,
)

LABEL = "recovery-tape.json"
MANIFEST = "recovery-manifest.sha256"
# MTIOCTOP of linux/mtio.h, and its operation MTREW, once.
OPERATE = 0x40086D01
REWIND = struct.pack("hi", 6, 1)


@dataclass(frozen=True)
class TapeRecord:
    """One row of the catalogue; it is kept on this host, and on the tape as it was when the tape was written."""

    id: str
    repository: str
    device: str
    source: str
    written_at: str
    files: int
    size_bytes: int
    block_bytes: int
    manifest_sha256: str
    read_back_at: str | None = None
    # The usable backups in it, by stanza, each with its identifier and its end.
    holds: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def as_result(self) -> dict[str, Any]:
        return asdict(self)


def rewind(device: Path) -> None:
    """Have the tape at its beginning: a drive such as /dev/nst0 leaves it where the last reader stopped."""
    if not device.exists() or not stat.S_ISCHR(device.stat().st_mode):
        return
    try:
        with device.open("rb", buffering=0) as stream:
            fcntl.ioctl(stream, OPERATE, REWIND)
    except OSError as error:
        # What is no tape drive has nothing to rewind.
        if error.errno != errno.ENOTTY:
            raise ToolError(
                f"rewind the tape in {device}",
                cause=error.strerror or str(error),
                next_action="Look at the drive and at the tape in it",
            ) from error


class TapeArchive:
    """The tape that is in a drive, as an archive."""

    def __init__(self, device: Path, block_bytes: int, deadline: Deadline) -> None:
        self.device = device
        self.block_bytes = block_bytes
        self.deadline = deadline

    @contextmanager
    def opened(self) -> Iterator[tarfile.TarFile]:
        rewind(self.device)
        with (
            self.device.open("rb", buffering=0) as stream,
            tarfile.open(fileobj=stream, mode="r|", bufsize=self.block_bytes, errorlevel=2) as archive,
        ):
            yield archive

    def read_label(self) -> TapeRecord | None:
        """The copy that the tape holds; None for a tape that holds none of ours, and without a tape."""
        if not self.device.exists() or self.device.stat().st_size == 0 and self.device.is_file():
            return None
        try:
            with self.opened() as archive:
                return _label(archive.next(), archive)
        except (tarfile.TarError, OSError, ValueError, TypeError):
            return None

    def read_promise(self, what: str) -> tuple[TapeRecord, bytes]:
        """The label and the manifest at the beginning of the tape; the files behind them are not read."""
        with self._explained(what), self.opened() as archive:
            label = _label(archive.next(), archive)
            member = archive.next()
            manifest = b"" if member is None or member.name != MANIFEST else _reader(member, archive).read()
        label = _required(what, label)
        if hashlib.sha256(manifest).hexdigest() != label.manifest_sha256:
            raise IntegrityError(
                what,
                cause=f"the manifest of tape {label.id} is not the one that it was written with",
                next_action="Use another tape",
            )
        return label, manifest

    def read(self, what: str) -> tuple[TapeRecord, bytes, dict[str, str]]:
        """The label, the manifest and the checksum of every file, all of it read from the tape."""
        label: TapeRecord | None = None
        manifest = b""
        seen: dict[str, str] = {}
        with self._explained(what), self.opened() as archive:
            for member in plain_members(archive, what):
                if label is None:
                    label = _label(member, archive)
                elif member.name == MANIFEST and not manifest:
                    manifest = _reader(member, archive).read()
                elif member.islnk():
                    seen[member.name] = seen[name_of(member.linkname)]
                elif member.isfile():
                    seen[member.name] = checksum_of(_reader(member, archive), self.deadline)
        return _required(what, label), manifest, seen

    def read_into(self, what: str, directory: Path) -> tuple[TapeRecord, bytes]:
        """Write all that is on the tape below a directory; the label and the manifest, which stand there no more."""
        with self._explained(what), self.opened() as archive:
            write_members(archive, what, directory, self.deadline)
        return taken_aside(what, directory)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (tarfile.TarError, OSError, KeyError, ValueError, TypeError) as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SpaceError(
                    what,
                    cause=str(error),
                    next_action="Make room where the tape is read into, or name a directory of a larger disk",
                ) from error
            raise IntegrityError(
                what, cause=f"it cannot be read as an archive: {error}", next_action="Use another tape"
            ) from error


def taken_aside(what: str, directory: Path) -> tuple[TapeRecord, bytes]:
    """The label and the manifest out of a directory that a whole tape was read into, where they stand no more."""
    try:
        label = TapeRecord(**json.loads((directory / LABEL).read_text()))
        manifest = (directory / MANIFEST).read_bytes()
    except (OSError, ValueError, TypeError) as error:
        raise IntegrityError(
            what, cause=f"the tape has no label or manifest: {error}", next_action="Use another tape"
        ) from error
    (directory / LABEL).unlink()
    (directory / MANIFEST).unlink()
    return label, manifest


def _required(what: str, label: TapeRecord | None) -> TapeRecord:
    if label is None:
        raise RepositoryError(
            what, cause="the tape in the drive holds no copy of ours", next_action="Put the right tape in"
        )
    return label


def _label(member: tarfile.TarInfo | None, archive: tarfile.TarFile) -> TapeRecord | None:
    if member is None or member.name != LABEL:
        return None
    return TapeRecord(**json.loads(_reader(member, archive).read()))


def _reader(member: tarfile.TarInfo, archive: tarfile.TarFile) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    return file
