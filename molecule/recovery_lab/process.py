"""Run the machine's own tools, and turn what they complain about into one line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from recovery_lab.errors import LabError

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(
    command: Sequence[str],
    *,
    text: str | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> str:
    """Return the standard output of a command; a failure names the command and its last words."""
    variables = {**os.environ, "PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", **(environment or {})}
    try:
        done = subprocess.run(
            list(command),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            env=variables,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is not installed; run make setup") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(command[:4])} gave no answer within {timeout:g} s") from error
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise LabError(f"{' '.join(command[:4])} failed ({done.returncode}): {' | '.join(words[-3:])}")
    return done.stdout
