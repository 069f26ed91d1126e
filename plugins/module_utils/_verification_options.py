# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the module backup_verify, and the subject they mean."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check_options import CHECK_OPTIONS, checks_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.registry import (
    open_engine,
    open_ledger,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._verification import Verification, Wanted
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._verification_sample import (
    SAMPLE_OPTIONS,
    Sample,
)

VERIFICATION_OPTIONS: dict[str, Any] = {
    "backup": {"type": "str"},
    "backups": {"type": "list", "elements": "str"},
    "sample": {"type": "dict", "options": SAMPLE_OPTIONS},
    "level": {"type": "str", "choices": ["checked", "restored", "verified"], "default": "checked"},
    "checks": CHECK_OPTIONS,
    "scratch_directory": {"type": "path", "default": "/var/lib/recovery/scratch"},
    "unless_proven": {"type": "bool", "default": False},
    "max_evidence_age_seconds": {"type": "float"},
}


def verification_of(given: dict[str, Any]) -> Verification:
    """The trust that is wanted."""
    engine = open_engine(given)
    at = now()
    age = given["max_evidence_age_seconds"]
    sample = given["sample"]
    wanted = Wanted(
        level=given["level"],
        backups=[given["backup"]] if given["backup"] else given["backups"] or [],
        sample=None if sample is None else Sample(**{**sample, "seed": sample["seed"] or f"{at:%Y-%m-%d}"}),
        unless_proven=given["unless_proven"],
        since=None if age is None else at - timedelta(seconds=age),
    )
    return Verification(
        engine,
        open_ledger(given, engine),
        wanted,
        checks=checks_of(given["checks"]),
        scratch_directory=Path(given["scratch_directory"]),
    )
