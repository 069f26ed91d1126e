# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random corruptions of a pgBackRest repository: every one is found by reading it, before anybody restores it."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.integration.damage import damages, done
from tests.integration.postgresql_backup.sandbox import PASSPHRASE, Sandbox, Story
from tests.integration.servers.s3_directory import S3Directory

COUNT = int(os.environ.get("RECOVERY_CORRUPTIONS", "8"))
STORED = int(os.environ.get("RECOVERY_CORRUPTIONS_STORED", "2"))
RESTORED = int(os.environ.get("RECOVERY_CORRUPTIONS_RESTORED", "2"))
SEED = int(os.environ.get("RECOVERY_CORRUPTION_SEED", "1"))
# A deadline, or words that nobody knows, are no finding.
FINDINGS = ("DR-INT", "DR-REPO", "DR-KEY", "DR-WAL")


S3 = """repo1-type=s3
repo1-s3-endpoint=localhost
repo1-storage-port={port}
repo1-s3-bucket=backups
repo1-s3-region=r
repo1-s3-uri-style=path
repo1-storage-ca-file={authority}
repo1-s3-key={AWS_ACCESS_KEY_ID}
repo1-s3-key-secret={AWS_SECRET_ACCESS_KEY}
"""


def files_of(repository: Path) -> list[Path]:
    """All files but those that no restore ever reads: the history of manifests, and labels in the archive."""
    return [
        file
        for file in repository.rglob("*")
        if file.is_file() and not file.is_symlink() and "backup.history" not in file.parts and file.suffix != ".backup"
    ]


def finding(verified: dict[str, Any], listed: dict[str, Any], windows: list[dict[str, Any]]) -> str:
    """How the damage was found; a piece of the log that no backup itself needs is missed by its gap."""
    if verified.get("failed"):
        code = str(verified["error_code"])
        return code if code in FINDINGS else f"unnamed: {verified['msg']}"
    return "silent" if listed.get("windows") == windows else "gap"


def unfound(found: list[tuple[str, str]], where: str) -> list[str]:
    """The damages that nothing named; the figures go where a long run keeps them."""
    print(f"{where}: seed {SEED}, {dict(Counter(how.partition(':')[0] for _damage, how in found))}")
    return [f"{damage}: {how}" for damage, how in found if how.startswith(("silent", "unnamed"))]


def is_restored_wrongly(sandbox: Sandbox, backup: str) -> bool:
    """A restore by somebody who has no evidence about the backup may fail, or give back what was backed up."""
    directory = sandbox.root / "from-damaged"
    given: dict[str, Any] = {
        "directory": str(directory),
        "backup": backup,
        "target": {"type": "immediate"},
        "port": 5434,
    }
    restored = sandbox.run("restore", **given)
    try:
        right = "SELECT count(*) FROM product WHERE name = md5(id::text)"
        return not restored.get("failed") and sandbox.sql(right, at=directory, port=5434) != "20000"
    finally:
        sandbox.succeed("restore", directory=str(directory), state="absent")


def test_every_corruption_is_found_and_none_is_restored_silently(story: Story) -> None:
    sandbox = story.sandbox.variation("corruptions")
    ignorant = replace(sandbox, trust=sandbox.root / "trust-ignorant")
    names = [story.full["id"], story.incremental["id"]]
    windows = sandbox.succeed("backup_info")["windows"]
    found, wrong, began = [], [], time.monotonic()
    for number, damage in enumerate(damages(files_of(sandbox.repository), SEED, COUNT)):
        with done(damage):
            verified = sandbox.run("backup_verify", backups=names)
            listed = sandbox.run("backup_info")
            if number < RESTORED and is_restored_wrongly(ignorant, story.full["id"]):
                wrong.append(str(damage))
        found.append((str(damage), finding(verified, listed, windows)))
    assert unfound(found, f"on a disk, {RESTORED} restored, {time.monotonic() - began:.0f} s") == wrong == []
    assert sandbox.succeed("backup_verify", backups=names)["looked_at"] == names


def in_a_bucket(sandbox: Sandbox, store: S3Directory) -> tuple[Sandbox, dict[str, Any]]:
    """The repository as objects, and the options that name it."""
    place = store.bucket / "pgbackrest"
    subprocess.run(["cp", "-r", "--no-preserve=mode", str(sandbox.repository), str(place)], check=True)
    # Links are nothing that an object store has, and pgBackRest needs none.
    for link in [file for file in place.rglob("*") if file.is_symlink()]:
        link.unlink()
    authority = sandbox.root / "authority.pem"
    authority.write_bytes(store.authority.read_bytes())
    stored = sandbox.variation("stored", is_copied=False)
    settings = S3.format(port=store.port, authority=authority, **store.credentials)
    text = stored.configuration_file.read_text()
    text = text.replace(f"repo1-path={stored.repository}\n", "repo1-path=/pgbackrest\n" + settings)
    stored.configuration_file.write_text(text)
    kind = {"endpoint": "localhost", "port": store.port, "bucket": "backups", "region": "r", "path": "/pgbackrest"}
    return stored, {"repository": {"name": "stored", "number": 1, "cipher_passphrase": PASSPHRASE, "s3": kind}}


def test_every_corruption_in_an_object_store_is_found(story: Story, tmp_path: Path) -> None:
    names = [story.full["id"], story.incremental["id"]]
    store = S3Directory.prepare(tmp_path)
    sandbox, given = in_a_bucket(story.sandbox, store)
    windows = story.sandbox.succeed("backup_info")["windows"]
    found, began = [], time.monotonic()
    for damage in damages(files_of(store.bucket), SEED, STORED):
        with done(damage), store.serving():
            verified = sandbox.run("backup_verify", backups=names, **given)
            listed = sandbox.run("backup_info", **given)
        found.append((str(damage), finding(verified, listed, windows)))
    assert unfound(found, f"in a bucket, {time.monotonic() - began:.0f} s") == []
    with store.serving():
        assert sandbox.succeed("backup_verify", backups=names, **given)["looked_at"] == names
