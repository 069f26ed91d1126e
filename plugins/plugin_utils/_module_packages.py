# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What Ansible sends to the hosts, kept from one run to the next.

Ansible packs a module with everything that it imports when a run uses it for the first time. That takes a third of a
second of a processor for each module, while clients wait, and the outcome is the same until something that goes in
changes. Before it packs one it looks into a directory of the run, so that is where the packages of the run before are
laid. An Ansible that looks elsewhere packs them as it always did.

What is kept runs on hosts with every right: it is taken from a directory of ours alone, which nobody else may write
and whose name says what went in, and only as long as it is what was put there. Whatever fails here only costs time:
the caller goes on without it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import ansible
from ansible import constants
from ansible.plugins.loader import module_utils_loader
from ansible.release import __version__

DIRECTORY = "recovery_packages"
# Where a run looks, below its own temporary directory.
OF_A_RUN = "ansiballz_cache"
# Ours and Ansible's own, whose sources are known; packed without an extension such as a debugger.
PACKAGE = re.compile(
    r"^ansible(_collections\.gogidix\.disaster_recovery\.plugins)?\.modules\.[a-z0-9_.]+-[A-Z_]+-none$"
)
COLLECTION = Path(__file__).parents[1]
FORGOTTEN_AFTER_SECONDS = 30 * 86400.0


@dataclass(frozen=True)
class ModulePackages:
    """The packages of all runs from the same sources, and those of this run."""

    kept: Path
    used: Path

    @classmethod
    def of_this_run(cls) -> ModulePackages:
        # Made when Ansible starts: asking the configuration for the second one would make another.
        settings = vars(constants)
        return cls(
            Path(settings["ANSIBLE_HOME"]) / DIRECTORY / digest_of_sources(),
            Path(settings["DEFAULT_LOCAL_TMP"]) / OF_A_RUN,
        )

    def lay_out(self) -> None:
        """Let this run find what was kept; what is not as it was put there is taken away."""
        if not is_ours_alone(self.kept):
            return
        self.used.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(self.kept)
        for path in self.kept.iterdir():
            # Another run may keep or take away something at the same time.
            with suppress(OSError):
                self._lay(path)

    def _lay(self, path: Path) -> None:
        """As a second name of the same file, which takes no room: Ansible replaces such files, and never writes one."""
        name, _point, digest = path.name.rpartition(".")
        if PACKAGE.match(name):
            if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                os.link(path, self.used / name)
            else:
                path.unlink()

    def keep(self) -> None:
        """Keep what this run has packed, and forget what was packed from sources that nobody used for long.

        Whoever exchanged sources while it ran has packages of both, of which none is kept.
        """
        if digest_of_sources() != self.kept.name:
            return
        self.kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.kept.mkdir(mode=0o700, exist_ok=True)
        if not is_ours_alone(self.kept):
            return
        there = {path.name.rpartition(".")[0] for path in self.kept.iterdir()}
        for path in self.used.iterdir() if self.used.exists() else ():
            if PACKAGE.match(path.name) and path.name not in there:
                self._put(path)
        forget_unused(self.kept.parent)

    def _put(self, path: Path) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with suppress(FileExistsError):
            os.link(path, self.kept / f"{path.name}.{digest}")


def is_ours_alone(directory: Path) -> bool:
    """Whether it is a directory, and no link to one, that only this user may write."""
    try:
        found = os.lstat(directory)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def forget_unused(parent: Path) -> None:
    for each in parent.iterdir():
        if is_ours_alone(each) and time.time() - each.stat().st_mtime > FORGOTTEN_AFTER_SECONDS:
            shutil.rmtree(each)


def digest_of_sources() -> str:
    """A name for everything that goes into packages: our sources by what is in them, Ansible's by size and time."""
    digest = hashlib.sha256(f"{__version__} {sys.version}".encode())
    for path in sources(COLLECTION / "modules", COLLECTION / "module_utils"):
        digest.update(f"{path.relative_to(COLLECTION)}\0".encode() + path.read_bytes())
    core = Path(ansible.__file__).parent
    others = [Path(each) for each in module_utils_loader._get_paths(subdirs=False)]
    for path in sources(core / "modules", core / "module_utils", core / "executor", *others):
        seen = path.stat()
        digest.update(f"{path}\0{seen.st_size}\0{seen.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:32]


def sources(*directories: Path) -> Iterator[Path]:
    for directory in directories:
        yield from sorted(_below(directory))


def _below(directory: Path) -> Iterable[Path]:
    return (Path(place, name) for place, _dirs, names in os.walk(directory) for name in names if name.endswith(".py"))
