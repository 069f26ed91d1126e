# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a host is made of beside its files, written down so that it is backed up with them."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError

UNIT_DIRECTORY = Path("/etc/systemd/system")
PACKAGES = ["dpkg-query", "--show", "--showformat", "${Package}\t${Version}\t${Architecture}\t${db:Status-Abbrev}\n"]
# Asked of the files, not of a running init: a host that is being rebuilt has none.
ENABLED_UNITS = ["systemctl", "--root=/", "list-unit-files", "--state=enabled", "--no-legend", "--plain"]


def packages(deadline: Deadline) -> str:
    """Every package with its version, sorted."""
    finished = run_tool(PACKAGES, deadline=deadline)
    require_success(finished, "list the packages of this host", next_action="Leave packages out of collect")
    return "".join(sorted(finished.stdout.splitlines(keepends=True)))


def enabled_units(deadline: Deadline) -> str:
    """Every unit that starts by itself, sorted."""
    finished = run_tool(ENABLED_UNITS, deadline=deadline)
    require_success(finished, "list the enabled units of this host", next_action="Leave enabled_units out of collect")
    return "".join(sorted(finished.stdout.splitlines(keepends=True)))


def unit_files(deadline: Deadline) -> str:
    """The units that an administrator wrote or linked, each with what it says or where it points."""
    found: dict[str, Any] = {}
    for path in sorted(UNIT_DIRECTORY.rglob("*")):
        if path.is_symlink():
            found[str(path)] = {"link": os.readlink(path)}
        elif path.is_file():
            found[str(path)] = {"content": path.read_text(encoding="utf-8", errors="surrogateescape")}
    return json.dumps(found, indent=1) + "\n"


COLLECTORS: dict[str, tuple[str, Callable[[Deadline], str]]] = {
    "packages": ("packages.tsv", packages),
    "enabled_units": ("enabled_units.txt", enabled_units),
    "unit_files": ("unit_files.json", unit_files),
}


@contextmanager
def collected(names: list[str], staging: Path, deadline: Deadline) -> Iterator[list[str]]:
    """The documents in a directory that only this user may enter, and that is gone afterwards."""
    if not names:
        yield []
        return
    require_private(staging)
    try:
        for name in names:
            file_name, collect = COLLECTORS[name]
            (staging / file_name).write_text(collect(deadline), encoding="utf-8", errors="surrogateescape")
        yield [str(staging)]
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def require_private(staging: Path) -> None:
    """Make the directory anew; what lies in its place and is not ours is left alone."""
    what = f"collect documents in {staging}"
    try:
        staging.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if staging.is_symlink() or (staging.exists() and staging.stat().st_uid != os.geteuid()):
            raise PreconditionError(
                what, cause="somebody else made it", next_action="Remove it, or set staging_directory"
            )
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        if stat.S_IMODE(staging.stat().st_mode) != 0o700:
            staging.chmod(0o700)
    except OSError as error:
        raise PreconditionError(what, cause=str(error), next_action="Set staging_directory") from error
