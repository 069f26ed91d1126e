# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One path that a restore puts in place: by rename, with what was there kept aside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import exchange, sync_directory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import PinnedDirectory, pinned
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._mount import mount_of


@dataclass(frozen=True)
class LivePath:
    """A file or directory of this host."""

    path: Path
    run_id: str

    @property
    def kept(self) -> Path:
        return self.path.with_name(f"{self.path.name}.pre-{self.run_id}")

    @property
    def quarantine(self) -> Path:
        return self.path.with_name(f"{self.path.name}.quarantine-{self.run_id}")

    @property
    def parent_there(self) -> Path:
        """The nearest directory above it that exists."""
        directory = self.path.parent
        while not os.path.lexists(directory):
            directory = directory.parent
        return directory

    def require_usable(self) -> None:
        """It must be one that a rename can put in place, and that is where its name says."""
        what = f"restore {self.path}"
        # The kernel is asked: on an overlay a file's device is not the one of its directory.
        if mount_of(str(self.path)).point == os.path.normpath(self.path):
            raise PreconditionError(
                what,
                cause="it is a mount point, so the new data cannot be put in its place at once",
                next_action="Restore beside, or name the paths below it",
            )
        parent = self.parent_there
        if os.path.realpath(parent) != str(parent):
            raise PreconditionError(
                what,
                cause=f"{parent} leads by a link to {os.path.realpath(parent)}",
                next_action="Name the path that it leads to, or restore beside",
            )
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise PreconditionError(
                what,
                cause=f"this user may not write in {parent}",
                next_action="Run this as the owner, or restore beside",
            )
        for taken in (self.kept, self.quarantine):
            if os.path.lexists(taken):
                raise PreconditionError(
                    what, cause=f"{taken} is there already", next_action="Give another run_id, or move it away"
                )

    @contextmanager
    def above(self) -> Iterator[PinnedDirectory]:
        """The directory that it is put below, held from here on."""
        with pinned(self.parent_there, f"restore {self.path}") as directory:
            yield directory

    def put_in_place(self, tree: PinnedDirectory, above: PinnedDirectory) -> bool:
        """Its like in the tree takes its place. Whether something was there, which is kept."""
        above.require_led_to(f"restore {self.path}")
        with self._parents(tree, above) as (model, parent):
            live, kept, new = (
                parent.place / self.path.name,
                parent.place / self.kept.name,
                model.place / self.path.name,
            )
            had_something = os.path.lexists(live)
            if had_something:
                # First under the name of what is kept, then by one exchange: the path is whole at each moment.
                new.rename(kept)
                try:
                    exchange(kept, live)
                except OSError:
                    kept.rename(new)
                    raise
            else:
                new.rename(live)
            sync_directory(parent.place)
        return had_something

    def put_back(self, above: PinnedDirectory) -> None:
        """Undo put_in_place: what was put there is set apart, what was kept returns."""
        with above.below(self.path.parent.relative_to(above.path)) as parent:
            live, kept, apart = (parent.place / each.name for each in (self.path, self.kept, self.quarantine))
            if os.path.lexists(kept):
                exchange(kept, live)
                kept.rename(apart)
            else:
                live.rename(apart)
            sync_directory(parent.place)

    @contextmanager
    def _parents(
        self, tree: PinnedDirectory, above: PinnedDirectory
    ) -> Iterator[tuple[PinnedDirectory, PinnedDirectory]]:
        """Where it lies in the tree, and where it belongs: directories that are missing come as the backup has them."""
        with ExitStack() as on_the_way:
            model = on_the_way.enter_context(tree.below(above.path.relative_to("/")))
            parent = above
            for name in map(Path, self.path.parent.relative_to(above.path).parts):
                model = on_the_way.enter_context(model.below(name))
                try:
                    parent = on_the_way.enter_context(parent.below(name))
                except FileNotFoundError:
                    parent = on_the_way.enter_context(made_like(model, parent))
            yield model, parent


@contextmanager
def made_like(model: PinnedDirectory, above: PinnedDirectory) -> Iterator[PinnedDirectory]:
    """A new directory with the name, the owner, the mode and the attributes of another one."""
    with above.made(model.path.name) as made:
        status = os.stat(model.descriptor)
        if os.geteuid() == 0:
            os.chown(made.place, status.st_uid, status.st_gid)
        shutil.copystat(model.place, made.place)
        sync_directory(above.place)
        yield made
