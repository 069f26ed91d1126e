"""Who may write, asked of both databases all the time; run as a program it is the one who asks."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from tests.drills.drill_lab import DrillLab
from tests.integration.lab.lab_command import REPOSITORY

ADDRESSES = ("10.10.1.11", "10.20.1.11")
PASSWORD = "example-only-recovery-password"


@dataclass(frozen=True)
class Writers:
    """The counts of writable databases, as they were seen."""

    lab: DrillLab
    record: Path

    def most_at_once(self) -> int:
        seen = [int(line) for line in self.record.read_text().split()]
        assert seen, "nobody looked"
        return max(seen)


@contextmanager
def watched(lab: DrillLab) -> Iterator[Writers]:
    record = lab.directory / "writers"
    program = [str(REPOSITORY / ".venv/bin/python"), "-m", "tests.drills.writers", str(record)]
    record.unlink(missing_ok=True)
    asking = subprocess.Popen([str(REPOSITORY / "molecule/lab"), "--name", lab.name, "exec", *program], cwd=REPOSITORY)
    lab.wait_for("the first look", lambda: record.exists() and bool(record.read_text()), 20)
    try:
        yield Writers(lab, record)
    finally:
        assert asking.poll() is None, "the one who asks who may write has ended"
        asking.terminate()
        asking.wait(10)


class Asked:
    """A database that is asked over one connection for as long as it lasts: logging in costs more than all the rest."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._connection: Any = None

    def is_writable(self) -> bool:
        """Silent, refused, starting or following: not writable."""
        try:
            if self._connection is None:
                self._connection = psycopg2.connect(
                    host=self.address, dbname="postgres", user="recovery", password=PASSWORD, connect_timeout=2,
                    tcp_user_timeout=2000, keepalives_idle=1, keepalives_interval=1, keepalives_count=2,
                )  # fmt: skip
                self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT NOT pg_is_in_recovery()")
                return bool(cursor.fetchone()[0])
        except psycopg2.Error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return False


def count(first: Asked, second: Asked) -> int:
    """The first is asked again after the second: only then were both writable at one moment."""
    before, other = first.is_writable(), second.is_writable()
    if before and other:
        return 2 if first.is_writable() else 1
    return int(before or other)


def ask(record: Path) -> None:
    databases = [Asked(address) for address in ADDRESSES]
    while True:
        with record.open("a") as lines:
            lines.write(f"{count(*databases)}\n")
        time.sleep(0.2)


if __name__ == "__main__":
    ask(Path(sys.argv[1]))
