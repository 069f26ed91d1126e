# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What this host saw of a repository and stored in it, and who works on it here. Losing it fails nothing."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._last_seen import LastSeen
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_figures import Figures
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LeaseError, PreconditionError


@dataclass(frozen=True)
class Memory(LastSeen):
    """The newest backup that was seen, its record, and a lock that ends with the process that holds it."""

    @property
    def lock_file(self) -> Path:
        return self.directory / f"{self.name}.lock"

    @property
    def record_file(self) -> Path:
        return self.directory / f"{self.name}.record"

    def keep_record(self, snapshot: str, text: str) -> None:
        """Keep what was just stored as a record, so that the next reader need not start restic for it.

        ``snapshot`` is its whole name. That never stands for anything else, so what is kept can be lost, not outdated.
        """
        digest = hashlib.sha256(text.encode()).hexdigest()
        beside = self.record_file.with_suffix(".new")
        # Half of it, after a crash, is as good as none: nobody has to wait for the disk.
        with suppress(OSError):
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{snapshot} {digest}\n{text}")
            beside.rename(self.record_file)

    def kept_record(self, snapshot: str) -> str | None:
        """What is stored in a snapshot, if it is the newest that this host wrote; None for any other, or damage."""
        try:
            head, _newline, text = self.record_file.read_text(encoding="utf-8").partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        return text if head == f"{snapshot} {hashlib.sha256(text.encode()).hexdigest()}" else None

    @property
    def figures_file(self) -> Path:
        return self.directory / f"{self.name}.figures"

    def keep_figures(self, known: dict[str, Figures]) -> None:
        """Keep what stands in records and is needed for a list of them, by set."""
        with suppress(OSError):
            write_durably(self.figures_file, json.dumps(known))

    def kept_figures(self) -> dict[str, Figures] | None:
        """What is known of that; None when this host knows nothing, or no longer."""
        try:
            known = json.loads(self.figures_file.read_text(encoding="utf-8"))
            return {str(name): {str(each): str(value) for each, value in of.items()} for name, of in known.items()}
        except (OSError, ValueError, AttributeError):
            return None

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Hold the lock; somebody else's is a LeaseError."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise PreconditionError(
                what, cause=str(error), next_action="Let RESTIC_CACHE_DIR be a directory that this user may write"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise LeaseError(
                what,
                cause="another run that takes or removes backups of this stanza works on this host",
                next_action="Wait until it has ended",
            ) from error
        try:
            yield
        finally:
            os.close(descriptor)

    @property
    def is_held(self) -> bool:
        try:
            descriptor = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
