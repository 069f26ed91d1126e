# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tape that somebody else wrote, with a label and a manifest that fit: what no repository holds is not read back."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.restic_copy.kept import Kept, write_papers
from tests.integration.servers.module_run import run_module

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import (
    parse_manifest,
    written_manifest,
)

CONTENT = b"forged\n"


@dataclass(frozen=True)
class Cellar:
    """A repository that was written to a tape, which is a file here, and lost; and what is nobody's business."""

    kept: Kept
    victim: Path

    @property
    def tape(self) -> Path:
        return self.kept.root / "tape"

    def copy(self, *, is_back: bool) -> dict[str, Any]:
        rows = str(self.kept.root / "rows")
        tape = {"name": "cellar", "number": 9, "tape": {"device": str(self.tape), "catalogue_directory": rows}}
        vault = {"name": self.kept.name, "number": 1, "filesystem": {"path": str(self.kept.place)}}
        asked = {
            "engine": {"files": {"stanza": "papers", "paths": [str(self.kept.root / "papers")]}},
            "repository": tape if is_back else vault,
            "target": vault if is_back else tape,
            "configuration_file": str(self.kept.configuration_file),
            "trust_directory": str(self.kept.root / "trust"),
            "deadline": 60,
        }
        return run_module("backup_copy", asked)

    def forge(self, *added: tarfile.TarInfo) -> None:
        """Write the tape again with more members, and with a manifest that names what a reader would make of them."""
        with tarfile.open(self.tape) as archive:
            held = [(each, contents_of(archive, each)) for each in archive]
        checksums = parse_manifest(held[1][1])
        names = [each.name.lstrip("/").removeprefix("./") for each in added if each.isreg()]
        checksums.update(dict.fromkeys(names, hashlib.sha256(CONTENT).hexdigest()))
        held[1] = as_member("recovery-manifest.sha256", written_manifest(checksums))
        label = json.loads(held[0][1])
        label["manifest_sha256"] = hashlib.sha256(held[1][1]).hexdigest()
        held[0] = as_member("recovery-tape.json", json.dumps(label).encode())
        with tarfile.open(self.tape, "w", format=tarfile.GNU_FORMAT) as archive:
            for member, content in [*held, *((each, CONTENT) for each in added)]:
                archive.addfile(member, io.BytesIO(content) if member.isreg() else None)


def contents_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    return b"" if file is None else file.read()


def as_member(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def file(name: str, mode: int = 0o600) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(CONTENT), mode
    return member


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, target, 0o644
    member.devmajor, member.devminor = 1, 3
    return member


HOSTILE: dict[str, tuple[Callable[[Path], list[tarfile.TarInfo]], str]] = {
    "an absolute name": (lambda victim: [file(f"{victim}/dropped")], "leads out of its directory"),
    "a name that leads up": (lambda victim: [file(f"../{victim.name}/dropped")], "leads out of its directory"),
    "a name that leads up later": (
        lambda victim: [file(f"./data/../../{victim.name}/dropped")],
        "leads out of its directory",
    ),
    "a link to elsewhere": (lambda victim: [special("./dropped", tarfile.SYMTYPE, str(victim))], "is a link to"),
    "a link that leads up": (
        lambda victim: [special("./dropped", tarfile.SYMTYPE, f"../{victim.name}")],
        "is a link to",
    ),
    "a file below a link": (
        lambda victim: [special("./dropped", tarfile.SYMTYPE, "data"), file("./dropped/00")],
        "lies below what is no directory",
    ),
    "another name of a file elsewhere": (
        lambda victim: [special("./dropped", tarfile.LNKTYPE, f"{victim}/shadow")],
        "is another name of",
    ),
    "a file in the place of a link": (
        lambda victim: [special("./dropped", tarfile.SYMTYPE, "config"), file("./dropped")],
        "is there a second time",
    ),
    "a character device": (lambda victim: [special("./dropped", tarfile.CHRTYPE)], "is neither a file nor a directory"),
    "a block device": (lambda victim: [special("./dropped", tarfile.BLKTYPE)], "is neither a file nor a directory"),
    "a pipe": (lambda victim: [special("./dropped", tarfile.FIFOTYPE)], "is neither a file nor a directory"),
    "a program that runs as root": (lambda victim: [file("./dropped", 0o4755)], "is to run as another user or group"),
    "a program that runs as a group": (lambda victim: [file("./dropped", 0o2755)], "is to run as another user"),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Cellar:
    if os.geteuid() != 0:
        pytest.skip("files are backed up as root")
    root = tmp_path_factory.mktemp("hostile")
    kept = Kept(root, "vault").create("one example passphrase")
    write_papers(root / "papers", 1, 3)
    made = Cellar(kept, root / "victim")
    made.victim.mkdir()
    (made.victim / "shadow").write_text("root's")
    (kept.place / "latest").symlink_to("config")
    os.link(kept.place / "config", kept.place / "same")
    result = made.copy(is_back=False)
    assert not result.get("failed"), result
    made.tape.rename(root / "tape.original")
    shutil.rmtree(kept.place)
    return made


@pytest.fixture
def cellar(written: Cellar) -> Cellar:
    shutil.copy(written.tape.with_name("tape.original"), written.tape)
    shutil.rmtree(written.kept.place, ignore_errors=True)
    return written


def test_a_tape_that_was_written_again_with_nothing_but_files_is_read(cellar: Cellar) -> None:
    """So what is refused below is not refused for being forged."""
    cellar.forge(file("./dropped"))
    result = cellar.copy(is_back=True)
    assert not result.get("failed"), result
    place = cellar.kept.place
    assert (place / "dropped").read_bytes() == CONTENT and os.readlink(place / "latest") == "config"
    assert (place / "same").samefile(place / "config")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_repository_holds_is_refused_by_its_name_and_nothing_arrives(cellar: Cellar, name: str) -> None:
    hostile, why = HOSTILE[name]
    cellar.forge(*hostile(cellar.victim))
    before = sorted(os.listdir(cellar.kept.root))
    refused = cellar.copy(is_back=True)
    assert refused.get("error_code") == "DR-INT", refused
    assert "dropped" in refused["cause"] and why in refused["cause"]
    assert sorted(os.listdir(cellar.kept.root)) == before
    assert os.listdir(cellar.victim) == ["shadow"] and (cellar.victim / "shadow").stat().st_nlink == 1


def test_a_repository_that_holds_such_a_thing_has_no_tape_that_counts(cellar: Cellar) -> None:
    cellar.copy(is_back=True)
    cellar.tape.unlink()
    shutil.rmtree(cellar.kept.root / "rows")
    os.mkfifo(cellar.kept.place / "dropped")
    refused = cellar.copy(is_back=False)
    assert refused.get("error_code") == "DR-INT" and "'./dropped' on the tape is neither" in refused["cause"], refused


def test_what_is_put_in_place_is_what_was_read_whatever_has_its_name(
    cellar: Cellar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who owns the directory above waits until all of it is written."""
    programs, aside = cellar.kept.root / "programs", cellar.kept.root / "aside"
    programs.mkdir()
    swap = (
        f'cd {cellar.kept.root} && for each in vault.from-*; do mv "$each" aside && ln -s {cellar.victim} "$each"; done'
    )
    (programs / "sync").write_text(f"#!/bin/sh\n{swap}\n")
    (programs / "sync").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    refused = cellar.copy(is_back=True)
    assert refused.get("error_code") == "DR-PRE" and "leads there by a link" in refused["cause"], refused
    assert os.listdir(aside) == [] and os.listdir(cellar.victim) == ["shadow"]
    assert not os.path.lexists(cellar.kept.place)
