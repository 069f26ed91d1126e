# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Where paths are staged that a restore puts in place: beside them, out of the reach of whoever may write there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import PinnedDirectory


@dataclass
class Staging:
    """A tree that is written, and whether it stays for whoever looks into it."""

    above: PinnedDirectory
    tree: PinnedDirectory
    run_id: str
    is_kept: bool = False

    def set_apart(self) -> Path:
        """Keep the tree under another name; where it is then."""
        name = f".recovery-quarantine-{self.run_id}"
        os.rename(self.tree.path.name, name, src_dir_fd=self.above.descriptor, dst_dir_fd=self.above.descriptor)
        self.is_kept = True
        return self.above.path / name


@contextmanager
def staging(above: PinnedDirectory, run_id: str) -> Iterator[Staging]:
    """A directory of this run; nothing of it stays unless it is set apart."""
    name = f".recovery-partial-{run_id}"
    _clear(above, name)
    with above.made(name) as tree:
        staged = Staging(above, tree, run_id)
        try:
            yield staged
        finally:
            if not staged.is_kept:
                tree.empty()
                # Under its name may be something else by now, which is not ours to remove unless it is as empty.
                with suppress(OSError):
                    os.rmdir(name, dir_fd=above.descriptor)


def _clear(above: PinnedDirectory, name: str) -> None:
    """What this run left when it was killed; where others may rename, anything may be called that."""
    if not os.path.lexists(above.place / name):
        return
    if not above.is_ours_alone:
        raise PreconditionError(
            f"restore into {above.path}",
            cause=f"{above.path / name} is there already, and others may have given it that name",
            next_action="See what is in it, and remove it or give another run_id",
        )
    shutil.rmtree(name, ignore_errors=True, dir_fd=above.descriptor)
