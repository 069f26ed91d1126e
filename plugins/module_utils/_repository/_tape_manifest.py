# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a tape holds, file by file: a list of checksums that sha256sum understands as well; pure but for reading."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import DeadlineError

CHUNK_BYTES = 1024 * 1024
MOST_NAMED = 20


def checksums_of(directory: Path, deadline: Deadline) -> dict[str, str]:
    """The checksum of every regular file below a directory, by its name from there."""
    found = {}
    for path in _files_below(directory):
        with path.open("rb") as file:
            found[str(path.relative_to(directory))] = checksum_of(file, deadline)
    return found


def _files_below(directory: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(directory, onerror=_raise):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _raise(error: OSError) -> None:
    raise error


def checksum_of(file: IO[bytes], deadline: Deadline) -> str:
    digest = hashlib.sha256()
    for chunk in chunks_of(file, deadline):
        digest.update(chunk)
    return digest.hexdigest()


def chunks_of(file: IO[bytes], deadline: Deadline) -> Iterator[bytes]:
    """All of it, as long as there is time."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
        if deadline.is_over:
            raise DeadlineError(
                "read every byte", cause=f"not done within {deadline.seconds:g} s", next_action="Raise the deadline"
            )


def written_manifest(checksums: Mapping[str, str]) -> bytes:
    """As sha256sum writes it: a name with a backslash or a newline is escaped, and its line begins with a backslash."""
    lines = []
    for name in sorted(checksums):
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
        mark = "\\" if escaped != name else ""
        lines.append(f"{mark}{checksums[name]}  ./{escaped}\n")
    return os.fsencode("".join(lines))


def parse_manifest(content: bytes) -> dict[str, str]:
    """The checksums by name; raises ValueError on a line that is none."""
    found = {}
    for line in os.fsdecode(content).split("\n")[:-1]:
        is_escaped = line.startswith("\\")
        digest, separator, name = line.removeprefix("\\").partition("  ./")
        if not separator or len(digest) != 64:
            raise ValueError(f"no line of a manifest: {line[:80]!r}")
        found[_unescaped(name) if is_escaped else name] = digest
    return found


def _unescaped(name: str) -> str:
    return "\\".join(part.replace("\\n", "\n") for part in name.split("\\\\"))


def differences(wanted: Mapping[str, str], seen: Mapping[str, str]) -> list[str]:
    """Every file that is missing, changed or too much, the first ones by name."""
    lines = [f"missing: {name}" for name in sorted(wanted.keys() - seen.keys())]
    lines += [f"changed: {name}" for name in sorted(wanted.keys() & seen.keys()) if wanted[name] != seen[name]]
    lines += [f"not in the manifest: {name}" for name in sorted(seen.keys() - wanted.keys())]
    return _shortened(lines)


def _shortened(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    rest = len(every) - MOST_NAMED
    return [*every[:MOST_NAMED], f"and {rest} more"] if rest > 0 else every
