# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a tape may hold: files, directories, and names of these. Anything else never was in a repository."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import chunks_of

AS_ANOTHER = 0o6000
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def plain_members(archive: tarfile.TarFile, what: str) -> Iterator[tarfile.TarInfo]:
    """The members one by one, under plain names; the first that is not to be there is refused before it is read."""
    seen: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        given, member.name = member.name, name_of(member.name)
        wrong = wrong_with(member, given, seen)
        if wrong:
            raise IntegrityError(
                what,
                cause=f"{given!r} on the tape {wrong}, which no repository holds",
                next_action="Use another tape; one just written, write again when its source holds no such thing",
            )
        seen[member.name] = member
        yield member


def name_of(given: str) -> str:
    """A member as the manifest has it, however it is written on the tape."""
    return str(PurePosixPath(given))


def wrong_with(member: tarfile.TarInfo, given: str, seen: dict[str, tarfile.TarInfo]) -> str:
    """Why a member is refused, in words; empty when it may be there. ``seen`` is what came before it."""
    if given.startswith("/") or ".." in given.split("/"):
        return "leads out of its directory"
    if member.name in seen:
        return "is there a second time"
    if any(str(above) in seen and not seen[str(above)].isdir() for above in PurePosixPath(member.name).parents):
        return "lies below what is no directory"
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        return "is neither a file nor a directory"
    if member.mode & AS_ANOTHER and not member.isdir():
        return "is to run as another user or group"
    return wrong_link(member, seen)


def wrong_link(member: tarfile.TarInfo, seen: dict[str, tarfile.TarInfo]) -> str:
    """pgBackRest has links: to its newest backup, and to files that did not change since the one before."""
    if member.islnk():
        first = seen.get(name_of(member.linkname))
        return "" if first is not None and first.isreg() else f"is another name of {member.linkname!r}"
    # One that goes up nowhere leads out nowhere, by way of others as well.
    if member.issym() and (member.linkname.startswith("/") or ".." in member.linkname.split("/")):
        return f"is a link to {member.linkname!r}"
    return ""


def write_members(archive: tarfile.TarFile, what: str, directory: Path, deadline: Deadline) -> None:
    """Write all of them below a directory that only this user may enter, as new files of this user."""
    directories: list[tuple[Path, tarfile.TarInfo]] = []
    for member in plain_members(archive, what):
        place = directory / member.name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if member.isdir():
            place.mkdir(mode=0o700, exist_ok=True)
            directories.append((place, member))
        elif member.issym():
            place.symlink_to(member.linkname)
        elif member.islnk():
            os.link(directory / name_of(member.linkname), place, follow_symlinks=False)
        else:
            content = archive.extractfile(member)
            if content is not None:
                write_file(content, place, member, deadline)
    # Only now: what is written into a directory changes its time, and may not be allowed by its mode.
    for place, member in reversed(directories):
        place.chmod(member.mode & 0o7777)
        os.utime(place, (member.mtime, member.mtime))


def write_file(content: IO[bytes], place: Path, member: tarfile.TarInfo, deadline: Deadline) -> None:
    descriptor = os.open(place, NEW, 0o600)
    with open(descriptor, "wb") as file:
        for chunk in chunks_of(content, deadline):
            file.write(chunk)
        file.flush()
        os.fchmod(descriptor, member.mode & 0o7777)
        os.utime(descriptor, (member.mtime, member.mtime))
