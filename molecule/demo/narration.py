"""What the demo says while it does it."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from typing import Any

STEP_WORDS = {
    "lease": "hold the group for this run",
    "readiness": "observe both sides",
    "loss_gate": "compute what would be lost",
    "fence": "cut the source off, with proof",
    "application": "start the applications",
    "traffic": "point clients at the target",
    "database": "move the database",
    "validation": "see from outside that it serves",
    "protect": "set up archiving and repositories",
    "boot_guard": "install the boot guard",
    "observer": "start the observer at the witness",
    "backup": "take a backup and check every byte",
    "restore": "restore",
    "report": "write the report",
}


class Narrator:
    """Prints acts, explanations and steps, with the time since the demo began."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.width = min(100, shutil.get_terminal_size((100, 24)).columns)

    def act(self, number: int, title: str, text: str) -> None:
        print(f"\n{'═' * self.width}\n{self._clock()}  {number}. {title}")
        print(textwrap.fill(text, self.width - 10, initial_indent=" " * 9, subsequent_indent=" " * 9))
        sys.stdout.flush()

    def verdict(self, verdict: str) -> None:
        print(f"\n{'═' * self.width}\n{self._clock()}  Verdict: {verdict.replace('_', ' ')}", flush=True)

    def say(self, text: str) -> None:
        print(f"{self._clock()}  {text}", flush=True)

    def step(self, name: str, seconds: float, objective: float | None) -> None:
        against = f" of {objective:g} s promised" if objective else ""
        print(f"{self._clock()}    {STEP_WORDS.get(name, name):38} {seconds:5.1f} s{against}", flush=True)

    def figures(self, report: dict[str, Any]) -> None:
        """The figures of one run, in two lines."""
        rto, rpo, client = report["rto"], report["rpo"], report["client"]
        self.say(f"  → {report['status']}, {report['verdict']}, {report['wall_seconds']:.1f} s in all")
        if client.get("requests") and rto["objective_seconds"]:
            self.say(
                f"  → clients: {client['requests']} requests, {client['failed_requests']} failed, longest stall "
                f"{client['longest_stall_ms']} ms; RTO {_seconds(rto['achieved_seconds'])} "
                f"of {rto['objective_seconds']} s; "
                f"lost orders: {'not measured' if rpo['acknowledged_lost'] is None else rpo['acknowledged_lost']}"
            )

    def _clock(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        return f"  {minutes:02d}:{seconds:02d}"


def _seconds(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f} s"
