# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One tape in a drive: a directory written to it with tar and a manifest, and read back. One copy a tape.

A person can do without this collection: ``tar --extract --file DEVICE``, then
``sha256sum --check recovery-manifest.sha256``.
Tried with files and pipes in the place of a drive; unproven on hardware.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    RepositoryError,
    SpaceError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import (
    checksum_of,
    checksums_of,
    differences,
    parse_manifest,
    written_manifest,
)

LABEL = "recovery-tape.json"
MANIFEST = "recovery-manifest.sha256"
TAR_BLOCK_BYTES = 512


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


class TapeDrive:
    """The tape that is in the drive now."""

    def __init__(
        self, repository: str, device: Path, catalogue: Path, *, deadline: Deadline, block_bytes: int = 262144
    ) -> None:
        self.repository = repository
        self.device = device
        self.catalogue = catalogue
        self.deadline = deadline
        self.block_bytes = block_bytes

    def write(self, directory: Path, *, replaces: str | None = None) -> TapeRecord:
        """Write a directory to the tape. A tape that holds a copy is refused, unless ``replaces`` is that copy's id."""
        self._require_free(replaces)
        if replaces is not None:
            # From here on it is no copy any more, however far the new one gets.
            self._forget(replaces)
        checksums = checksums_of(directory, self.deadline)
        manifest = written_manifest(checksums)
        at = now()
        record = TapeRecord(
            id=f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
            repository=self.repository,
            device=str(self.device),
            source=str(directory),
            written_at=written(at),
            files=len(checksums),
            size_bytes=sum((directory / name).stat().st_size for name in checksums),
            block_bytes=self.block_bytes,
            manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        )
        with tempfile.TemporaryDirectory(prefix="recovery-tape-") as beside:
            (Path(beside) / LABEL).write_text(json.dumps(record.as_result(), indent=1, sort_keys=True) + "\n")
            (Path(beside) / MANIFEST).write_bytes(manifest)
            self._tar(
                "--create", "--sort=name", f"--directory={beside}", LABEL, MANIFEST, f"--directory={directory}", "."
            )
        self._keep(record, manifest)
        return record

    def note(self, record: TapeRecord, stanza: str, backups: list[dict[str, str]]) -> TapeRecord:
        """The row with what a stanza has in this copy; the tape itself is not asked."""
        noted = replace(record, holds={**record.holds, stanza: backups})
        self._keep_row(noted)
        return noted

    def read_back(self, record: TapeRecord) -> TapeRecord:
        """Read every byte of the tape and compare it with the manifest that this host kept; the row with the proof."""
        what = f"read tape {record.id} back from {self.device}"
        label, manifest, checksums = self._read(what)
        if label.id != record.id or hashlib.sha256(manifest).hexdigest() != record.manifest_sha256:
            raise IntegrityError(
                what, cause=f"in the drive is tape {label.id}", next_action="Put the right tape into the drive"
            )
        self._require_alike(what, manifest, checksums)
        proven = replace(record, read_back_at=written(now()))
        self._keep(proven, manifest)
        return proven

    def read_into(self, directory: Path) -> TapeRecord:
        """Restore the whole tape into an empty directory and compare what lies there with the manifest of the tape."""
        what = f"restore the tape in {self.device} into {directory}"
        if any(directory.iterdir()):
            raise PreconditionError(what, cause="it is not empty", next_action="Name an empty directory")
        # GNU tar takes off a leading slash and refuses to leave the directory by itself.
        self._tar("--extract", "--preserve-permissions", "--keep-old-files", f"--directory={directory}")
        label, manifest = self._taken_aside(what, directory)
        self._require_alike(what, manifest, checksums_of(directory, self.deadline))
        return label

    def read_label(self) -> TapeRecord | None:
        """The copy that the tape holds; None for a tape that holds none of ours."""
        if not self.device.exists() or self.device.stat().st_size == 0 and self.device.is_file():
            return None
        try:
            with self._opened() as archive:
                return _label(archive.next(), archive)
        except (tarfile.TarError, OSError, ValueError, TypeError):
            return None

    def known(self) -> list[TapeRecord]:
        """The rows of the catalogue on this host, oldest first."""
        files = sorted(self.catalogue.glob("*.json")) if self.catalogue.is_dir() else []
        return [TapeRecord(**json.loads(file.read_text())) for file in files]

    def _require_free(self, replaces: str | None) -> None:
        if self.device.exists() and stat.S_ISFIFO(self.device.stat().st_mode):
            return
        label = self.read_label()
        if label is not None and label.id != replaces:
            raise PreconditionError(
                f"write to the tape in {self.device}",
                cause=f"it holds the copy {label.id} of {label.source}",
                next_action="Put another tape into the drive, or give this copy up by its name in replaces_tape"
                " (recovery_replaces_tape of the plan)",
            )

    def _tar(self, *arguments: str) -> None:
        what = f"{'write' if arguments[0] == '--create' else 'read'} the tape in {self.device}"
        factor = self.block_bytes // TAR_BLOCK_BYTES
        argv = ["tar", "--format=gnu", "--numeric-owner", f"--blocking-factor={factor}", "--force-local"]
        finished = run_tool([*argv, f"--file={self.device}", *arguments], deadline=self.deadline)
        if re.search(r"No space left on device", finished.stderr):
            raise SpaceError(what, cause=finished.last_lines, next_action="Use a longer tape, or copy less to one")
        if finished.rc != 0:
            raise ToolError(
                what,
                cause=f"tar ended with {finished.rc}: {finished.last_lines}",
                next_action="Look at the drive and at the tape in it; nothing on this tape can be relied on",
                evidence={"tool": "tar", "rc": finished.rc},
            )

    @contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        with (
            self.device.open("rb", buffering=0) as stream,
            tarfile.open(fileobj=stream, mode="r|", bufsize=self.block_bytes, errorlevel=2) as archive,
        ):
            yield archive

    def _read(self, what: str) -> tuple[TapeRecord, bytes, dict[str, str]]:
        """The label, the manifest and the checksum of every file, all of it read from the tape."""
        label: TapeRecord | None = None
        manifest = b""
        seen: dict[str, str] = {}
        try:
            with self._opened() as archive:
                for member in archive:
                    name = member.name.removeprefix("./")
                    if label is None:
                        label = _label(member, archive)
                    elif name == MANIFEST and not manifest:
                        manifest = _reader(member, archive).read()
                    elif member.islnk():
                        seen[name] = seen[member.linkname.removeprefix("./")]
                    elif member.isfile():
                        seen[name] = checksum_of(_reader(member, archive), self.deadline)
        except (tarfile.TarError, OSError, KeyError, ValueError, TypeError) as error:
            raise IntegrityError(
                what, cause=f"it cannot be read as an archive: {error}", next_action="Write another tape"
            ) from error
        if label is None:
            raise RepositoryError(what, cause="it holds no copy of ours", next_action="Put the right tape in")
        return label, manifest, seen

    def _taken_aside(self, what: str, directory: Path) -> tuple[TapeRecord, bytes]:
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

    def _require_alike(self, what: str, manifest: bytes, checksums: dict[str, str]) -> None:
        try:
            wrong = differences(parse_manifest(manifest), checksums)
        except ValueError as error:
            wrong = [str(error)]
        if wrong:
            raise IntegrityError(
                what,
                cause="; ".join(wrong),
                next_action="Write another tape, while nothing else writes to what is copied",
                evidence={"differences": wrong},
            )

    def _keep(self, record: TapeRecord, manifest: bytes) -> None:
        self.catalogue.mkdir(parents=True, exist_ok=True)
        write_durably(self.catalogue / f"{record.id}.sha256", os.fsdecode(manifest))
        self._keep_row(record)

    def _keep_row(self, record: TapeRecord) -> None:
        write_durably(self.catalogue / f"{record.id}.json", json.dumps(record.as_result(), sort_keys=True) + "\n")

    def _forget(self, identifier: str) -> None:
        for suffix in (".json", ".sha256"):
            (self.catalogue / f"{identifier}{suffix}").unlink(missing_ok=True)


def _label(member: tarfile.TarInfo | None, archive: tarfile.TarFile) -> TapeRecord | None:
    if member is None or member.name != LABEL:
        return None
    return TapeRecord(**json.loads(_reader(member, archive).read()))


def _reader(member: tarfile.TarInfo, archive: tarfile.TarFile) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    return file
