"""The record of what the client saw: one JSON line per request, in the order of their ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True)
class Entry:
    """One request. `at` is when it should have started, in epoch seconds; `seconds` run from there to its end."""

    at: float
    seconds: float
    ok: bool
    id: str | None
    kind: str
    site: str | None
    error: str | None

    @property
    def ended_at(self) -> float:
        return self.at + self.seconds

    @property
    def acknowledged_order(self) -> bool:
        return self.ok and self.kind == "order"


class Record:
    """Appends each entry, and the id of each acknowledged order, as soon as it is known."""

    def __init__(self, path: Path, acknowledged: Path | None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lines = path.open("a", encoding="utf-8", buffering=1)
        self._ids: TextIO | None = acknowledged.open("a", encoding="utf-8", buffering=1) if acknowledged else None
        self._lock = threading.Lock()
        self.begins_at = self._lines.tell()

    def add(self, entry: Entry) -> None:
        line = json.dumps(asdict(entry))
        with self._lock:
            self._lines.write(line + "\n")
            if self._ids and entry.acknowledged_order:
                self._ids.write(f"{entry.id}\n")

    def close(self) -> None:
        self._lines.close()
        if self._ids:
            self._ids.close()


def entries(path: Path, offset: int = 0, since: float = 0.0, until: float = float("inf")) -> Iterator[Entry]:
    """The entries that started between two moments. A half-written last line is left out."""
    known = {field.name for field in fields(Entry)}
    with path.open(encoding="utf-8") as lines:
        lines.seek(offset)
        for line in lines:
            if not line.endswith("\n"):
                return
            entry = Entry(**{name: value for name, value in json.loads(line).items() if name in known})
            if since <= entry.at <= until:
                yield entry
