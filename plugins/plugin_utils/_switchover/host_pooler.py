# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The verbs on the host of a pooler: stage the new target, put the old one back, finish; and what its dead-man does."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    return path.with_name(f"{path.name}.{given['entry']}.before-{given['run_id']}")


@contextmanager
def changing(given: Parameters) -> Iterator[Path]:
    """The databases file for one change at a time: each of its entries may have a switchover of its own."""
    path = Path(given["databases_file"])
    place = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(place)


def line_of(text: str, entry: str) -> re.Match[str]:
    """The line of one entry: how it begins, and what it says."""
    match = re.search(rf"(?m)^(\s*{re.escape(entry)}\s*=\s*)(.*)$", text)
    if match is None:
        raise HostError(f"the databases file has no entry {entry}")
    return match


def said_anew(text: str, entry: str, settings: Parameters) -> str:
    """The text with other settings in one entry."""
    match = line_of(text, entry)
    rest = re.sub(rf"\b({'|'.join(settings)})\s*=\s*('[^']*'|\S+)", "", match[2])
    line = " ".join([*(f"{key}={value}" for key, value in settings.items()), *rest.split()])
    return f"{text[: match.start()]}{match[1]}{line}{text[match.end() :]}"


def as_before(text: str, given: Parameters) -> str:
    """The text with its entry as it was kept, and all others as they are now."""
    match = line_of(text, given["entry"])
    kept = line_of(kept_file(given).read_text(), given["entry"])
    return f"{text[: match.start()]}{kept[0]}{text[match.end() :]}"


def repointed(text: str, given: Parameters) -> str:
    """The text with its entry pointed at the new primary."""
    return said_anew(text, given["entry"], {key: given["target"][key] for key in ("host", "port")})


def eased(text: str, given: Parameters) -> str:
    """The text with an entry that opens nothing ahead, for as long as it is paused."""
    return said_anew(text, given["entry"], {"min_pool_size": 0}) if given["opens_ahead"] else text


def pooler_arm(given: Parameters) -> Parameters:
    """Put the new file in its place without telling the pooler, and leave the dead-man behind.

    What keeps its pool filled is told before, with the old server, to open nothing ahead: only its entry can say so
    where that says otherwise.
    """
    path, kept = Path(given["databases_file"]), kept_file(given)
    replace_file(kept, path.read_text(), like=path)
    arm(given, {}, lambda: pooler_dead_man(given))
    if given["opens_ahead"]:
        with changing(given):
            replace_file(path, eased(path.read_text(), given))
        ask(given["console"], "RELOAD")
    with changing(given):
        replace_file(path, eased(repointed(path.read_text(), given), given))
    return {"staged": True}


def pooler_put_back(given: Parameters) -> Parameters:
    """The old entry in its place again; harmless when it is there already."""
    kept = kept_file(given)
    with changing(given) as path:
        if kept.exists():
            replace_file(path, as_before(path.read_text(), given))
            kept.unlink()
    return {"put_back": True}


def pooler_settle(given: Parameters, *, is_new: bool) -> bool:
    """The entry for good, with the new target or as it was; whether the pooler has to read it once more."""
    kept = kept_file(given)
    with changing(given) as path:
        is_eased = given["opens_ahead"] and kept.exists()
        if is_eased:
            text = as_before(path.read_text(), given)
            replace_file(path, repointed(text, given) if is_new else text)
        kept.unlink(missing_ok=True)
    return is_eased


def pooler_finish(given: Parameters) -> Parameters:
    """Disarm, and keep the new file."""
    outcome = disarm(given)
    return {**outcome, "reload": outcome["disarmed"] and pooler_settle(given, is_new=True)}


def who_writes(given: Parameters) -> str | None:
    """The target or the source, whichever says so first; None when neither does for a long time."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        for each in ("target", "source"):
            if writes(given[each]):
                return each
        time.sleep(0.1)
    return None


def pooler_dead_man(given: Parameters) -> Parameters:
    """Point the pooler at whoever writes, then let the traffic flow."""
    who = who_writes(given)
    if who == "target":
        outcome = "the new primary writes: the new target was kept"
    else:
        outcome = f"{'the old primary' if who else 'nobody'} writes: the old target was put back"
        with suppress(FileNotFoundError), changing(given) as path:
            replace_file(path, eased(as_before(path.read_text(), given), given))
    said = tell_pooler(given, "RELOAD", f'RESUME "{given["entry"]}"')
    if pooler_settle(given, is_new=who == "target"):
        said += tell_pooler(given, "RELOAD")
    return {"outcome": outcome, "console": said}


def tell_pooler(given: Parameters, *commands: str) -> list[str]:
    """One command after the other, whatever became of the one before; what it did not take."""
    refused = []
    for command in commands:
        try:
            ask(given["console"], command)
        except Exception as error:
            # Not paused (any more) is no failure; what counts is written down for whoever asks.
            refused.append(f"{command}: {error}".strip())
    return refused
