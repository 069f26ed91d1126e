"""A lease that another live run holds: this process stands for that run."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.drills.drill_lab import DrillLab


def hold(lab: DrillLab, host: str) -> None:
    """What a live run writes: who it is, and by which process it lives."""
    own = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
    lease = {
        "run_id": "somebody-else",
        "host": os.uname().nodename,
        "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "namespace": os.readlink("/proc/self/ns/pid"),
        "pid": os.getpid(),
        "pid_started": int(own[19]),
        "at": "2026-01-01T00:00:00Z",
    }
    path = "/var/lib/recovery/lease/storefront.lease"
    lab.do("run", host, "sh", "-c", f"echo '{json.dumps(lease)}' > {path} && chown postgres: {path}")


def let_go(lab: DrillLab, host: str) -> None:
    lab.do("run", host, "rm", "/var/lib/recovery/lease/storefront.lease")
