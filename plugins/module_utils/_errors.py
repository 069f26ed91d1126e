# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The one exception tree. Engines and providers raise; only ``_module.py`` turns it into a module failure."""

from __future__ import annotations

from typing import Any, ClassVar


class RecoveryError(Exception):
    """Something did not work; carries what an operator needs to act on it.

    ``what`` names the act and its object ("promote the standby on dub-db1"), ``cause`` what was seen,
    ``next_action`` what to do now. ``data_state`` is one of untouched, old_live, new_live,
    partial_quarantined, unknown.
    """

    code: ClassVar[str] = "DR-INTERNAL"

    def __init__(
        self,
        what: str,
        *,
        cause: str,
        next_action: str,
        code: str | None = None,
        data_state: str = "untouched",
        retry_safe: bool = True,
        evidence: dict[str, Any] | None = None,
        completed_steps: list[str] | None = None,
    ) -> None:
        self.what = what
        self.cause = cause.strip().rstrip(".")
        self.next_action = next_action.strip().rstrip(".")
        self.error_code = code or self.code
        self.data_state = data_state
        self.retry_safe = retry_safe
        self.evidence = evidence or {}
        self.completed_steps = completed_steps or []
        super().__init__(f"Could not {what}: {self.cause}. {self.next_action}.")

    def as_result(self) -> dict[str, Any]:
        """The failure in the shape every module returns."""
        return {
            "msg": str(self),
            "error_code": self.error_code,
            "cause": self.cause,
            "next_action": self.next_action,
            "data_state": self.data_state,
            "retry_safe": self.retry_safe,
            "completed_steps": self.completed_steps,
            "recovery": self.evidence,
        }


class InputError(RecoveryError):
    """An option or variable is missing, unknown or contradicts another."""

    code = "DR-INPUT"


class PreconditionError(RecoveryError):
    """The world is not in the state the act needs."""

    code = "DR-PRE"


class LeaseError(RecoveryError):
    """Another run holds the protection group, or an engine holds its own lock."""

    code = "DR-LOCK"


class FenceError(RecoveryError):
    """The other side is not proven to be cut off from writing."""

    code = "DR-FENCE"


class LossError(RecoveryError):
    """Going on would lose more than the objective allows, or the loss is unknown."""

    code = "DR-RPO"


class TimelineError(RecoveryError):
    """Timeline or system identifier do not belong together."""

    code = "DR-TL"


class LogGapError(RecoveryError):
    """The transaction log is not continuous over the range that is needed."""

    code = "DR-WAL"


class IntegrityError(RecoveryError):
    """Data that was read back is not what was written."""

    code = "DR-INT"


class EncryptionError(RecoveryError):
    """A passphrase or key is wrong, empty or missing."""

    code = "DR-KEY"


class SpaceError(RecoveryError):
    """There is not enough room, now or for what is about to be written."""

    code = "DR-SPACE"


class TlsError(RecoveryError):
    """A certificate is expired, foreign or for another name."""

    code = "DR-TLS"


class AccessError(RecoveryError):
    """Credentials were refused."""

    code = "DR-AUTH"


class NameServiceError(RecoveryError):
    """A name server refused, disagreed or did not answer; ``code`` tells which."""

    code = "DR-DNS"


class BalancerError(RecoveryError):
    """A load balancer could not be told, or did not do as told."""

    code = "DR-LB"


class PoolerError(RecoveryError):
    """A connection pooler could not be paused, repointed or resumed."""

    code = "DR-POOL"


class RepositoryError(RecoveryError):
    """A repository is missing, unreachable, or not the one it was."""

    code = "DR-REPO"


class VersionError(RecoveryError):
    """A tool or server is of a version that cannot do what is asked."""

    code = "DR-VER"


class DeadlineError(RecoveryError):
    """A predicate did not come true in time; the cause says what was last seen."""

    code = "DR-DEADLINE"


class ToolError(RecoveryError):
    """A tool ended in a way that is not known to be success."""

    code = "DR-TOOL"
