# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The files a report consists of, as something that can be described, planned and written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError


@dataclass(frozen=True)
class KeptFiles:
    """A Subject: texts under their names in one directory, replaced atomically; other files are left alone."""

    directory: Path
    texts: dict[str, str]
    returned: dict[str, Any]

    def describe(self) -> Description:
        return {str(self.directory / name): _digest_of_file(self.directory / name) for name in sorted(self.texts)}

    def plan(self, before: Description) -> Description:
        return {str(self.directory / name): _digest(text.encode()) for name, text in sorted(self.texts.items())}

    def apply(self, before: Description, after: Description) -> None:
        try:
            self.directory.mkdir(mode=0o750, parents=True, exist_ok=True)
            for name, text in self.texts.items():
                write_durably(self.directory / name, text, 0o640)
        except OSError as error:
            raise PreconditionError(
                f"write to {self.directory}",
                cause=str(error),
                next_action="Make room there, or name a directory that can be written",
            ) from error

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {"files": after}

    def results(self, after: Description) -> dict[str, Any]:
        return self.returned


def json_text(value: dict[str, Any]) -> str:
    """Readable, and the same for the same value."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def load_json_files(paths: Sequence[str]) -> list[dict[str, Any]]:
    """Reports that were written before."""
    loaded = []
    for path in paths:
        try:
            loaded.append(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise PreconditionError(
                f"read the report {path}", cause=str(error), next_action="Name the JSON files of earlier reports"
            ) from error
    return loaded


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of_file(path: Path) -> str | None:
    try:
        return _digest(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PreconditionError(
            f"read {path}", cause=str(error), next_action="Let the user that runs this read and write there"
        ) from error
