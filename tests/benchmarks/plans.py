"""Plans run at a lab's controller as a person runs them, to their good end."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from demo.stage import PROJECT, Lab

NUMBERS = count(1)


@dataclass(frozen=True)
class Plans:
    """The plans of one inventory in one lab."""

    lab: Lab
    inventory: str

    def run(self, name: str, asked: Mapping[str, object]) -> str:
        """The name of the run; one that does not succeed ends the measurement."""
        run_id = f"bench-{os.getpid()}-{next(NUMBERS)}"
        done = subprocess.run(
            [
                *(PROJECT / "molecule" / "lab", "--name", self.lab.name, "exec"),
                *(f"{PROJECT}/.venv/bin/ansible-playbook", f"gogidix.disaster_recovery.{name}"),
                *("-i", self.inventory, "-e", json.dumps({f"recovery_{key}": each for key, each in asked.items()})),
            ],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "RECOVERY_RUN_ID": run_id},
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{name} {asked} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return run_id

    def journal(self, run_id: str) -> list[dict[str, Any]]:
        lines = (self.lab.directory / "journal" / f"{run_id}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]
