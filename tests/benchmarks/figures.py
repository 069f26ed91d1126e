"""Figures: medians with their worst, beside a floor that was measured in the same run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured thing; ``ratio`` is median over floor, where there is a floor."""

    name: str
    unit: str
    median: float
    max: float
    floor: float | None
    ratio: float | None
    runs: int


def figure(name: str, unit: str, values: Sequence[float], floor: Sequence[float] = ()) -> Figure:
    """The figure of some measurements and the measurements of its floor."""
    middle = median(values)
    ground = median(floor) if floor else None
    ratio = round(middle / ground, 3) if ground else None
    rounded = None if ground is None else round(ground, 3)
    return Figure(name, unit, round(middle, 3), round(max(values), 3), rounded, ratio, len(values))


def write(figures: Sequence[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in figures], indent=2) + "\n", encoding="utf-8")


def table(figures: Sequence[Figure]) -> str:
    rows = [("figure", "unit", "median", "max", "floor", "ratio", "runs")]
    for one in figures:
        rows.append(
            (
                one.name,
                one.unit,
                f"{one.median:g}",
                f"{one.max:g}",
                "" if one.floor is None else f"{one.floor:g}",
                "" if one.ratio is None else f"{one.ratio:.2f}",
                str(one.runs),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
