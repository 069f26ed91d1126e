# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Reading a bundle of a journal and its report back into files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.kept_files import KeptFiles
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.packing import unpack


def files_of_bundle(bundle: dict[str, Any], directory: Path) -> KeptFiles:
    """The files of a bundle under this directory; names stay inside it."""
    texts = {}
    for name, packed in bundle.items():
        if Path(name).name != name or name.startswith("."):
            raise InputError(
                "read bundle", cause=f"{name!r} is not a plain file name", next_action="Give what report returned"
            )
        try:
            texts[name] = unpack(str(packed))
        except ValueError as error:
            raise InputError(
                "read bundle", cause=f"{name}: {error}", next_action="Give what report returned"
            ) from error
    return KeptFiles(directory, texts, {"files": sorted(str(directory / name) for name in texts)})
