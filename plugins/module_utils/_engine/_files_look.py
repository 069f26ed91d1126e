# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The first look at a source, taken while restic opens its repository: it reads no file before that look is over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_manifest import Manifest
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_patterns import literal
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_walk import Walk


class FirstLook:
    """A look, the gate that it opens at its end, and what is added to it while the tool behind the gate reads."""

    def __init__(self, walk: Walk, roots: list[str], gate: int, write: Callable[[Manifest], None]) -> None:
        self.manifest = Manifest()
        # A descriptor. It can be read to its end once the look is over, and then holds patterns, a line each.
        self.gate = gate
        self._walk = walk
        self._roots = roots
        self._write = write
        self._is_over = Event()
        self._is_given_up = Event()

    @property
    def left_out(self) -> list[str]:
        """What restic is to leave out as well, as patterns, when the look is over.

        Its own option takes every file of an overlay for one of another file system.
        """
        self._is_over.wait()
        return [f"{literal(mount)}/*" for mount in self.manifest.left_out_mounts]

    def take(self, gate: int) -> None:
        """Look, open the gate, complete what was seen, and write that down."""
        # Nobody may be there any more to go through it.
        with suppress(BrokenPipeError), open(gate, "wb") as opened:
            try:
                self._walk.look(self._roots, self.manifest, self._is_wanted)
            finally:
                self._is_over.set()
            opened.writelines(os.fsencode(f"{in_a_file(pattern)}\n") for pattern in self.left_out)
        self._walk.complete(self.manifest, self._is_wanted)
        if self._is_wanted():
            self._write(self.manifest)

    def give_up(self) -> None:
        self._is_given_up.set()

    def _is_wanted(self) -> bool:
        return not self._is_given_up.is_set()


@contextmanager
def looking(walk: Walk, roots: list[str], write: Callable[[Manifest], None]) -> Iterator[FirstLook]:
    """Look at the roots meanwhile; at the end all is seen and written. Who fails meanwhile does not wait for that."""
    reading, writing = os.pipe()
    look = FirstLook(walk, roots, reading, write)
    with ThreadPoolExecutor(max_workers=1) as beside:
        rest = beside.submit(look.take, writing)
        try:
            yield look
        except BaseException:
            look.give_up()
            raise
        finally:
            os.close(reading)
        rest.result()


def in_a_file(pattern: str) -> str:
    """A pattern as a line of a file: restic puts variables in there, and a name may hold what ends a line."""
    return pattern.replace("$", "$$").replace("\n", "?")
