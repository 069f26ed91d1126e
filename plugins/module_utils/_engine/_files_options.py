# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What is said about files that are to be kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_hooks import Hooks
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_patterns import excluder
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


@dataclass(frozen=True)
class Source:
    """The files of one stanza, and how they are to be read."""

    stanza: str
    paths: list[str]
    excludes: list[str]
    kind: str
    host: str
    is_one_file_system: bool
    fails_on_change: bool
    is_partial_welcome: bool
    with_hashes: bool
    collect: list[str]
    hooks: Hooks
    snapshot: dict[str, Any] | None
    staging: Path

    @classmethod
    def of(cls, options: dict[str, Any]) -> Source:
        """Out of the engine's options; whatever cannot be meant is refused here."""
        excluder(options["excludes"])
        return cls(
            stanza=str(options["stanza"]),
            paths=require_apart([plain_path(path, "paths") for path in options["paths"]]),
            excludes=list(options["excludes"]),
            kind=options["kind"],
            host=options.get("host") or os.uname().nodename,
            is_one_file_system=options["one_file_system"],
            fails_on_change=options["on_change"] == "fail",
            is_partial_welcome=options["unreadable"] == "partial",
            with_hashes=options["manifest"] == "hashes",
            collect=list(options["collect"]),
            hooks=Hooks.of(options.get("hooks")),
            snapshot=options.get("snapshot"),
            staging=Path(options["staging_directory"]) / str(options["stanza"]),
        )


def plain_path(path: str, option: str) -> str:
    """An absolute path without a detour, or a refusal."""
    if not path.startswith("/") or ".." in path.split("/") or "\0" in path or not path.strip("/"):
        raise InputError(
            f"read the option {option}",
            cause=f"{path!r} is not an absolute path without .., or it is /",
            next_action="Give absolute paths of what is wanted",
        )
    return "/" + "/".join(name for name in path.split("/") if name not in ("", "."))


def require_apart(paths: list[str]) -> list[str]:
    """None of them lies in another, so that each can be put in place on its own."""
    if not paths:
        raise InputError("read the option paths", cause="it is empty", next_action="Name at least one path")
    ordered = sorted(set(paths))
    for outer in ordered:
        inner = next((path for path in ordered if path.startswith(f"{outer}/")), None)
        if inner is not None:
            raise InputError(
                "read the option paths", cause=f"{inner} lies in {outer}", next_action="Name only the outer one"
            )
    return ordered
