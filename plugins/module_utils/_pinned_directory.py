# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""A directory that is reached by a descriptor: whoever may rename what leads to it leads nobody elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._process import own_process

# It is only passed through, which takes no right to list it.
PASSING = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PINNED = re.compile(r"/proc/\d+/fd/(\d+)")


@dataclass(frozen=True)
class PinnedDirectory:
    """``path`` is the name that led to it, for people."""

    path: Path
    descriptor: int

    @property
    def place(self) -> Path:
        """Where this process and its children reach it, and what is in it, whatever became of its name."""
        return Path(f"/proc/{own_process()}/fd/{self.descriptor}")

    @contextmanager
    def below(self, relative: Path) -> Iterator[PinnedDirectory]:
        """A directory in it, name by name, none of which may be a link."""
        descriptor = _passed(self.descriptor, relative.parts)
        try:
            yield PinnedDirectory(self.path / relative, descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def made(self, name: str) -> Iterator[PinnedDirectory]:
        """A new directory in it that only this user may enter."""
        os.mkdir(name, 0o700, dir_fd=self.descriptor)
        with self.below(Path(name)) as new:
            new.require_ours(f"make {new.path}")
            yield new

    def require_ours(self, what: str) -> None:
        """Only this user may enter it, and it is empty: so nobody can have led us to what is somebody else's."""
        status = os.stat(self.descriptor)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077 or os.listdir(self.place):
            raise PreconditionError(
                what,
                cause=f"{self.path} was made for this, and is something else now",
                next_action="See who renames directories there",
            )

    def require_led_to(self, what: str) -> None:
        """Its name must still lead to it, and not by a link."""
        with suppress(OSError):
            again = _passed(None, self.path.parts[1:])
            try:
                if os.path.samestat(os.stat(again), os.stat(self.descriptor)):
                    return
            finally:
                os.close(again)
        raise _led_elsewhere(what, self.path)

    @property
    def is_ours_alone(self) -> bool:
        """Whether nobody else may rename what this user or root made in it."""
        status = os.stat(self.descriptor)
        is_shared = status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX
        return status.st_uid in (0, os.geteuid()) and not is_shared

    def empty(self) -> None:
        """Remove what is in it, as far as that is possible; it is not looked for by any name."""
        for each in self.place.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            else:
                with suppress(OSError):
                    each.unlink()


@contextmanager
def pinned(path: Path, what: str) -> Iterator[PinnedDirectory]:
    """Go to a directory from the root, name by name; that one of them is a link, or gone, is a PreconditionError."""
    known = PINNED.fullmatch(str(path))
    try:
        descriptor = os.dup(int(known[1])) if known else _passed(None, path.parts[1:])
    except OSError as error:
        raise _led_elsewhere(what, path) from error
    try:
        yield PinnedDirectory(named(path), descriptor)
    finally:
        os.close(descriptor)


def named(path: Path) -> Path:
    """What people call a directory that may be reached by a descriptor."""
    return Path(os.readlink(path)) if PINNED.fullmatch(str(path)) else path


def _passed(start: int | None, names: tuple[str, ...]) -> int:
    """A descriptor of where the names lead, from an open directory or from the root."""
    current = os.open("/", PASSING) if start is None else os.dup(start)
    for name in names:
        try:
            following = os.open(name, PASSING, dir_fd=current)
        finally:
            os.close(current)
        current = following
    return current


def _led_elsewhere(what: str, path: Path) -> PreconditionError:
    return PreconditionError(
        what,
        cause=f"{path} does not lead to the directory that it led to, or leads there by a link",
        next_action="See who renames directories above it, and run this again when it stays where it is",
    )
