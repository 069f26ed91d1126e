# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a place of any kind must let a backup tool do, each act with its own refusal; no tool stands between."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError, RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._versions import StoredVersion

NOT_OBSERVED = "not observed"


@dataclass(frozen=True)
class StoredObject:
    """One object or file, by its name below the repository's path."""

    name: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class Protection:
    """What the place itself does against removal; None means that it was not observed."""

    versioning: bool | None = None
    object_lock: bool | None = None
    mode: str = ""
    retention_days: int | None = None
    observed: str = "this kind of place has no such thing"

    @property
    def is_immutable(self) -> bool | None:
        """Whether what is written now cannot be removed, also by whoever wrote it."""
        if self.object_lock is None:
            return None
        return self.object_lock and bool(self.mode) and bool(self.retention_days)

    def as_result(self) -> dict[str, Any]:
        return {**asdict(self), "immutable": self.is_immutable}


class Store(ABC):
    """Names are below the repository's path. Raises what the errors of the collection are for, never anything else."""

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """Write an object, durably."""

    @abstractmethod
    def get(self, name: str) -> bytes:
        """Read it back from where it lies, not from a cache of this host."""

    @abstractmethod
    def list(self, prefix: str) -> list[StoredObject]:
        """What lies directly below a prefix that ends with a slash; of a large one, the first thousand."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove it."""

    def certificate_days(self) -> float | None:
        """How long the certificate of the place is still valid; None where there is none."""
        return None

    def protection(self) -> Protection:
        """Versions and locks, as the place itself tells them."""
        return Protection()

    def versions(self, prefix: str) -> Sequence[StoredVersion]:
        """Every version of all below a prefix, that of one name newest first, and the marks of what was removed."""
        raise self._without_versions()

    def bring_back(self, version: StoredVersion) -> None:
        """Put an older version on top of the newer ones, all of which stay."""
        raise self._without_versions()

    def remove_version(self, version: StoredVersion) -> None:
        """Take one version away, and nothing else of that name."""
        raise self._without_versions()

    @staticmethod
    def _without_versions() -> PreconditionError:
        return PreconditionError(
            "look for older versions",
            cause="only those of an object store that speaks S3 are known here",
            next_action="Use another copy, or what the place itself offers: a snapshot, a soft delete",
        )

    def observed_protection(self) -> Protection:
        """The same; where the question is refused, nothing is known."""
        try:
            return self.protection()
        except RecoveryError as error:
            return Protection(observed=f"{NOT_OBSERVED}: {error.cause}")
