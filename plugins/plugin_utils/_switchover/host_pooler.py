# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The verbs on the host of a pooler: stage the new target, put the old one back, finish; and what its dead-man does."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.host_dead_man import (
    PATIENCE_SECONDS,
    HostError,
    Parameters,
    arm,
    ask,
    disarm,
    replace_file,
    writes,
)


def kept_file(given: Parameters) -> Path:
    path = Path(given["databases_file"])
    return path.with_name(f"{path.name}.before-{given['run_id']}")


def repointed(text: str, entry: str, host: str, port: int) -> str:
    """The text with another host and port in one entry."""
    pattern = re.compile(rf"(?m)^(\s*{re.escape(entry)}\s*=\s*)(.*)$")
    match = pattern.search(text)
    if match is None:
        raise HostError(f"the databases file has no entry {entry}")
    rest = re.sub(r"\b(host|port)\s*=\s*('[^']*'|\S+)", "", match[2])
    line = f"{match[1]}host={host} port={port} {' '.join(rest.split())}".rstrip()
    return f"{text[: match.start()]}{line}{text[match.end() :]}"


def pooler_arm(given: Parameters) -> Parameters:
    """Put the new file in its place without telling the pooler, and leave the dead-man behind."""
    path = Path(given["databases_file"])
    text = path.read_text()
    written = repointed(text, given["entry"], given["target"]["host"], given["target"]["port"])
    shutil.copy2(path, kept_file(given))
    arm(given, {}, lambda: pooler_dead_man(given))
    replace_file(path, written)
    return {"staged": True}


def pooler_put_back(given: Parameters) -> Parameters:
    """The old file in its place again; harmless when it is there already."""
    kept = kept_file(given)
    if kept.exists():
        replace_file(Path(given["databases_file"]), kept.read_text())
        kept.unlink()
    return {"put_back": True}


def pooler_finish(given: Parameters) -> Parameters:
    """Disarm and forget the old file."""
    outcome = disarm(given)
    if outcome["disarmed"]:
        kept_file(given).unlink(missing_ok=True)
    return outcome


def pooler_dead_man(given: Parameters) -> Parameters:
    """Point the pooler at whoever writes, then let the traffic flow."""
    until = time.monotonic() + PATIENCE_SECONDS
    outcome = "nobody writes: the old target was put back"
    while time.monotonic() < until:
        if writes(given["target"]):
            outcome = "the new primary writes: the new target was kept"
            kept_file(given).unlink(missing_ok=True)
            break
        if writes(given["source"]):
            outcome = "the old primary writes: the old target was put back"
            break
        time.sleep(0.1)
    pooler_put_back(given)
    said = []
    for command in ("RELOAD", f'RESUME "{given["entry"]}"'):
        try:
            ask(given["console"], command)
        except Exception as error:
            # Not paused (any more) is no failure; what counts is written down for whoever asks.
            said.append(f"{command}: {error}".strip())
    return {"outcome": outcome, "console": said}
