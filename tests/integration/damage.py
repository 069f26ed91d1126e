# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random damage to the files of a repository, the same for the same seed, done and taken back one by one.

Run by itself it damages a directory, which must be a copy: ``python -m tests.integration.damage DIRECTORY --seed 7``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KINDS = ("flip", "truncate", "delete", "swap")


@dataclass(frozen=True)
class Damage:
    """One thing done to one file, or to two whose contents change places."""

    kind: str
    file: Path
    offset: int = 0
    bit: int = 0
    other: Path | None = None

    def __str__(self) -> str:
        where = {"flip": f" bit {self.bit} of byte {self.offset}", "truncate": f" to {self.offset} bytes"}
        return f"{self.kind} {self.file}{where.get(self.kind, '')}{f' and {self.other}' if self.other else ''}"

    def do(self) -> None:
        if self.kind == "delete":
            self.file.unlink()
        elif self.kind == "truncate":
            os.truncate(self.file, self.offset)
        elif self.kind == "swap" and self.other is not None:
            one, two = self.file.read_bytes(), self.other.read_bytes()
            self.file.write_bytes(two)
            self.other.write_bytes(one)
        else:
            with self.file.open("r+b") as stream:
                stream.seek(self.offset)
                byte = stream.read(1)[0]
                stream.seek(self.offset)
                stream.write(bytes([byte ^ (1 << self.bit)]))

    @property
    def files(self) -> list[Path]:
        return [self.file, *([self.other] if self.other else [])]


def damages(files: list[Path], seed: int, count: int) -> list[Damage]:
    """So many damages, of each kind equally many; each folder is as likely as any other, and each file in it."""
    chance = random.Random(seed)
    able = sorted(file for file in files if file.stat().st_size > 0)
    return [_damage(KINDS[number % len(KINDS)], able, chance) for number in range(count)]


def _damage(kind: str, files: list[Path], chance: random.Random) -> Damage:
    folder = chance.choice(sorted({each.parent for each in files}))
    file = chance.choice([each for each in files if each.parent == folder])
    size = file.stat().st_size
    if kind == "swap":
        # Two files of the same folder, as a restore of a file system to the wrong names makes them.
        others = [each for each in files if each.parent == file.parent and each.read_bytes() != file.read_bytes()]
        if not others:
            return _damage(kind, files, chance)
        return Damage(kind, file, other=chance.choice(others))
    return Damage(kind, file, chance.randrange(size), chance.randrange(8))


@contextmanager
def done(damage: Damage) -> Iterator[None]:
    """With the damage done; afterwards the files are as they were, their owners and times as well."""
    aside = [(file, file.with_name(f".{file.name}.whole")) for file in damage.files]
    for file, whole in aside:
        shutil.copy2(file, whole)
        status = file.stat()
        os.chown(whole, status.st_uid, status.st_gid)
    try:
        damage.do()
        yield
    finally:
        for file, whole in aside:
            whole.rename(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    files = [file for file in options.directory.rglob("*") if file.is_file() and not file.is_symlink()]
    for damage in damages(files, options.seed, options.count):
        damage.do()
        print(damage)


if __name__ == "__main__":
    main()
