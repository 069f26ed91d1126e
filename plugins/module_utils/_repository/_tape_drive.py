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
import tempfile
from dataclasses import replace
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    SpaceError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import named
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_archive import (
    LABEL,
    MANIFEST,
    TapeArchive,
    TapeRecord,
    rewind,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import (
    checksums_of,
    differences,
    parse_manifest,
    written_manifest,
)

TAR_BLOCK_BYTES = 512


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
        self.archive = TapeArchive(device, block_bytes, deadline)

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
            self._tar("--sort=name", f"--directory={beside}", LABEL, MANIFEST, f"--directory={directory}", ".")
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
        label, manifest, checksums = self.archive.read(what)
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
        what = f"restore the tape in {self.device} into {named(directory)}"
        if any(directory.iterdir()):
            raise PreconditionError(what, cause="it is not empty", next_action="Name an empty directory")
        # Users have other numbers on other hosts, so all of it is this user's.
        label, manifest = self.archive.read_into(what, directory)
        self._require_alike(what, manifest, checksums_of(directory, self.deadline))
        return label

    def read_label(self) -> TapeRecord | None:
        """The copy that the tape holds; None for a tape that holds none of ours."""
        return self.archive.read_label()

    def read_promise(self) -> tuple[TapeRecord, bytes]:
        """The label of the tape and its manifest, without the files that both are of."""
        return self.archive.read_promise(f"see what the tape in {self.device} holds")

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
        what = f"write the tape in {self.device}"
        rewind(self.device)
        factor = self.block_bytes // TAR_BLOCK_BYTES
        argv = ["tar", "--format=gnu", "--numeric-owner", f"--blocking-factor={factor}", "--force-local"]
        finished = run_tool([*argv, f"--file={self.device}", "--create", *arguments], deadline=self.deadline)
        if re.search(r"No space left on device", finished.stderr):
            raise SpaceError(what, cause=finished.last_lines, next_action="Use a longer tape, or copy less to one")
        if finished.rc != 0:
            raise ToolError(
                what,
                cause=f"tar ended with {finished.rc}: {finished.last_lines}",
                next_action="Look at the drive and at the tape in it; nothing on this tape can be relied on",
                evidence={"tool": "tar", "rc": finished.rc},
            )

    def _require_alike(self, what: str, manifest: bytes, checksums: dict[str, str]) -> None:
        try:
            wrong = differences(parse_manifest(manifest), checksums)
        except ValueError as error:
            wrong = [str(error)]
        if wrong:
            raise IntegrityError(
                what,
                cause="; ".join(wrong),
                next_action="Use another tape; one just written, write again while nothing writes to its source",
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
