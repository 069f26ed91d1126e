"""Who may write, asked of both databases all the time; run as a program it is the one who asks."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


def is_writable(address: str) -> bool:
    """Silent, refused, starting or following: not writable."""
    try:
        connection = psycopg2.connect(
            host=address, dbname="postgres", user="recovery", password=PASSWORD, connect_timeout=2
        )
    except psycopg2.OperationalError:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT NOT pg_is_in_recovery()")
            row = cursor.fetchone()
            return bool(row and row[0])
    except psycopg2.Error:
        return False
    finally:
        connection.close()


def count() -> int:
    """The first is asked again after the second: only then were both writable at one moment."""
    first, second = ADDRESSES
    before, other = is_writable(first), is_writable(second)
    if before and other:
        return 2 if is_writable(first) else 1
    return int(before or other)


def ask(record: Path) -> None:
    while True:
        with record.open("a") as lines:
            lines.write(f"{count()}\n")
        time.sleep(0.2)


if __name__ == "__main__":
    ask(Path(sys.argv[1]))
