# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The moment to recover to, as an operator names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, parse_instant, written

TARGET_TYPES = ("latest", "immediate", "time", "lsn", "xid", "name", "log_position", "gtid")
TARGET_SPEC: dict[str, Any] = {
    "type": "dict",
    "options": {
        "type": {"type": "str", "choices": list(TARGET_TYPES), "default": "latest"},
        "value": {"type": "str"},
    },
}
FORMS = {
    "lsn": (re.compile(r"^[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}$"), "0/5000060"),
    "xid": (re.compile(r"^[1-9][0-9]{0,9}$"), "741"),
    "log_position": (re.compile(r"^[^/\x00-\x1f:]+\.[0-9]{6,}:[0-9]+$"), "mariadb-bin.000007:1234"),
    "gtid": (re.compile(r"^[0-9]+-[0-9]+-[1-9][0-9]*$"), "0-1-100"),
    "name": (re.compile(r"^[^\x00-\x1f']{1,63}$"), "before_the_release"),
}


@dataclass(frozen=True)
class RecoveryTarget:
    """One of the kinds; ``at`` is set for a time, ``value`` for all that need one."""

    kind: str
    value: str | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        return self.kind if self.value is None else f"{self.kind} {self.value}"

    def as_result(self) -> dict[str, Any]:
        return {"type": self.kind, "value": self.value}


def parse_target(option: dict[str, Any] | None) -> RecoveryTarget:
    """The target that an option describes; what cannot mean exactly one moment is refused here."""
    kind = (option or {}).get("type") or "latest"
    value = (option or {}).get("value")
    if kind in ("latest", "immediate"):
        if value:
            raise _bad(f"{kind} takes no value, given: {value!r}", "Drop target.value, or say which type it is")
        return RecoveryTarget(kind)
    if not value:
        raise _bad(f"a target of type {kind} needs a value", "Give target.value")
    value = value.strip()
    if kind == "time":
        at = parse_instant(value, option="target.value")
        if at > now():
            raise _bad(f"{written(at)} is in the future", "Give a moment that has passed, or use the type latest")
        return RecoveryTarget(kind, written(at), at)
    pattern, example = FORMS[kind]
    if not pattern.match(value):
        raise _bad(f"{value!r} is not a target of type {kind}", f"Give it as in {example}")
    return RecoveryTarget(kind, value)


def _bad(cause: str, next_action: str) -> InputError:
    return InputError("read the option target", cause=cause, next_action=next_action)
