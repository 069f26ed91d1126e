"""Trees to measure with, the same each time: random bytes as pictures and archives are, and text that compresses."""

from __future__ import annotations

import random
from pathlib import Path

SEED = 20260102
# How often each letter stands in 256 of a text: it compresses to about the half, and nothing in it is there twice.
LETTERS = (("e", 30), ("t", 22), ("a", 19), ("o", 18), ("i", 16), ("n", 16), ("s", 14), ("r", 13), ("h", 12), ("l", 10))
TEXT = "".join(letter * count for letter, count in LETTERS) + " " * 38 + "dcumpfgwyb" * 3 + "\n" * 6 + "0123456789.,"
MB = 1_000_000


def mixed_tree(root: Path) -> None:
    """A gigabyte as a server has it: few big files, many middle ones, and more small ones; half random, half text."""
    chance = random.Random(SEED)
    for number in range(4):
        write(root / "big" / f"{number}", chance, 80 * MB, is_text=number % 2 == 0)
    for number in range(2_400):
        write(
            root / "middle" / f"{number % 40}" / f"{number}", chance, chance.randrange(50_000, 500_000), number % 2 == 0
        )
    for number in range(4_000):
        write(root / "small" / f"{number % 80}" / f"{number}", chance, chance.randrange(200, 12_000), is_text=True)


def small_tree(root: Path) -> None:
    """A hundred thousand small files."""
    chance = random.Random(SEED)
    for number in range(100_000):
        write(root / f"{number % 400}" / f"{number}", chance, chance.randrange(200, 4_000), is_text=True)


def write(path: Path, chance: random.Random, size: int, is_text: bool) -> None:
    content = chance.randbytes(size)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.translate(TEXT.encode()) if is_text else content)
