# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Files and directories of a host, as something that can be described, planned and written in one go."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError

MODE_OF_DIRECTORY, MODE_OF_FILE = "0755", "0644"


@dataclass(frozen=True)
class HostFile:
    """A file with its content, or without one a directory."""

    path: Path
    content: bytes | None
    owner: str
    group: str
    mode: str

    @classmethod
    def of(cls, given: dict[str, Any]) -> HostFile:
        content = None if given["content"] is None else str(given["content"]).encode()
        mode = given["mode"] or (MODE_OF_DIRECTORY if content is None else MODE_OF_FILE)
        path = Path(given["path"])
        if not path.is_absolute() or not mode.isdigit() or len(mode) != 4 or set(mode) & set("89"):
            raise InputError(
                f"read the file {path}",
                cause=f"its path or its mode {mode!r} is not understood",
                next_action="Give an absolute path and four octal digits",
            )
        return cls(path, content, given["owner"], given["group"] or given["owner"], mode)

    def wanted(self) -> Description:
        return {
            "kind": "directory" if self.content is None else "file",
            "owner": self.owner,
            "group": self.group,
            "mode": self.mode,
            "sha256": None if self.content is None else hashlib.sha256(self.content).hexdigest(),
        }

    def found(self) -> Description | None:
        try:
            seen = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        is_file = stat.S_ISREG(seen.st_mode)
        return {
            "kind": "file" if is_file else "directory" if stat.S_ISDIR(seen.st_mode) else "other",
            "owner": _name_of_user(seen.st_uid),
            "group": _name_of_group(seen.st_gid),
            "mode": f"{stat.S_IMODE(seen.st_mode):04o}",
            "sha256": hashlib.sha256(self.path.read_bytes()).hexdigest() if is_file else None,
        }

    def write(self) -> None:
        """Replaced in one moment, with its owner and mode from the first: nobody reads half of it, or too much."""
        if self.content is None:
            self.path.mkdir(parents=True, exist_ok=True)
            shutil.chown(self.path, self.owner, self.group)
            self.path.chmod(int(self.mode, 8))
            return
        handle, beside = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        try:
            with open(handle, "wb") as target:
                target.write(self.content)
                target.flush()
                shutil.chown(beside, self.owner, self.group)
                os.fchmod(target.fileno(), int(self.mode, 8))
                os.fsync(target.fileno())
            Path(beside).replace(self.path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(beside).unlink()
            raise
        sync_directory(self.path.parent)


class HostFiles:
    """A Subject: files and directories in the order in which they are made; what else is there is left alone."""

    def __init__(self, files: Sequence[HostFile]) -> None:
        self.files = files

    def describe(self) -> Description:
        try:
            return {str(file.path): file.found() for file in self.files}
        except OSError as error:
            raise self._refusal("look at", error) from error

    def plan(self, before: Description) -> Description:
        after = {str(file.path): file.wanted() for file in self.files}
        for path, found in before.items():
            if found is not None and found["kind"] != after[path]["kind"]:
                raise PreconditionError(
                    f"have the {after[path]['kind']} {path}",
                    cause=f"a {found['kind']} of that name is there",
                    next_action="Move it out of the way, if nothing needs it",
                )
        return after

    def apply(self, before: Description, after: Description) -> None:
        try:
            for file in self.files:
                if before[str(file.path)] != after[str(file.path)]:
                    file.write()
        except (OSError, LookupError) as error:
            raise self._refusal("write", error) from error

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"written": [path for path in after if before[path] != after[path]]}

    def results(self, after: Description) -> dict[str, Any]:
        return {"files": list(after)}

    def _refusal(self, act: str, error: Exception) -> PreconditionError:
        return PreconditionError(
            f"{act} {', '.join(str(file.path) for file in self.files)}",
            cause=str(error),
            next_action="Let the user that runs this read and write there, and have the owners that are wanted",
        )


def _name_of_user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _name_of_group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
