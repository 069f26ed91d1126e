# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random corruptions of a restic repository: every one is found by reading it, and none is restored silently."""

from __future__ import annotations

import filecmp
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tests.integration.damage import damages, done
from tests.integration.restic_copy.kept import Kept
from tests.integration.servers.s3_directory import S3Directory

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import (
    restore_snapshot,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError

COUNT = int(os.environ.get("RECOVERY_CORRUPTIONS", "4"))
STORED = int(os.environ.get("RECOVERY_CORRUPTIONS_STORED", "2"))
RESTORED = int(os.environ.get("RECOVERY_CORRUPTIONS_RESTORED", "1"))
SEED = int(os.environ.get("RECOVERY_CORRUPTION_SEED", "1"))
# A deadline, or words that nobody knows, are no finding.
FINDINGS = ("DR-INT", "DR-REPO", "DR-KEY")


def finding(kept: Kept, names: set[str]) -> str | None:
    """How listing and reading, as a verification does both, left any of the backups in doubt; None if they did not."""
    keeper = kept.keeper()
    try:
        records = keeper.listing().records
        examined = keeper.examine(records)
    except RecoveryError as error:
        return error.error_code if error.error_code in FINDINGS else f"unnamed: {error}"
    whole = {record.id for record in records if record.is_usable and not examined[record.id].errors}
    return None if whole == names else "named" if len(whole) < len(records) else "missed"


def is_restored_wrongly(kept: Kept, name: str, papers: Path) -> bool:
    """A restore may fail, or give back what was backed up."""
    directory = kept.root / "from-damaged"
    shutil.rmtree(directory, ignore_errors=True)
    try:
        restore_snapshot(kept.keeper().tool, "restore", name, directory)
    except RecoveryError:
        return False
    found = directory / papers.relative_to("/")
    files = [file.name for file in papers.iterdir()]
    return filecmp.cmpfiles(papers, found, files, shallow=False) != (files, [], [])


def whole_again(kept: Kept) -> set[str]:
    """The backups that are in no doubt once all damage is taken back."""
    keeper = kept.keeper()
    records = keeper.listing().records
    examined = keeper.examine(records)
    return {record.id for record in records if record.is_usable and not examined[record.id].errors}


def on_disk(origin: Kept) -> tuple[Kept, Path]:
    """A copy of the repository in a directory, with the key of the original."""
    place = origin.root / "damaged"
    return configured(origin, "damaged", str(place)), place


def in_a_bucket(origin: Kept, store: S3Directory) -> tuple[Kept, Path]:
    """A copy of the repository in an object store, whose objects are files of a directory."""
    address = f"s3:{store.endpoint}/{store.bucket.name}/restic"
    return configured(
        origin, "stored", address, RECOVERY_RESTIC_OPTIONS=f"'--cacert {store.authority}'", **store.credentials
    ), store.bucket / "restic"


def configured(origin: Kept, name: str, address: str, **settings: str) -> Kept:
    text = origin.configuration_file.read_text().replace(f"={origin.place}\n", f"={address}\n")
    kept = Kept(origin.root, name)
    kept.configuration_file.write_text(text + "".join(f"{key}={value}\n" for key, value in settings.items()))
    kept.configuration_file.chmod(0o600)
    return kept


def prove_that_nothing_is_silent(
    origin: Kept,
    damaged: Kept,
    place: Path,
    count: int,
    restored: int,
    served: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    shutil.copytree(origin.place, place)
    records = origin.keeper().listing().records
    names = {record.id for record in records}
    files = [file for file in place.rglob("*") if file.is_file() and file.parent.name != "locks"]
    unfound, wrong, found, began = [], [], Counter[str](), time.monotonic()
    for number, damage in enumerate(damages(files, SEED, count)):
        with done(damage), served():
            how = finding(damaged, names) or "silent"
            found[how.partition(":")[0]] += 1
            unfound += [f"{damage}: {how}"] if how.startswith(("silent", "unnamed")) else []
            if number < restored and is_restored_wrongly(damaged, records[-1].id, origin.root / "papers"):
                wrong.append(str(damage))
    print(f"{place}: seed {SEED}, {dict(found)}, {restored} restored, {time.monotonic() - began:.0f} s")
    assert unfound == wrong == []
    with served():
        assert whole_again(damaged) == names


def test_every_corruption_on_a_disk_is_found_and_none_is_restored_silently(origin: Kept) -> None:
    prove_that_nothing_is_silent(origin, *on_disk(origin), COUNT, RESTORED)


def test_every_corruption_in_an_object_store_is_found(origin: Kept, tmp_path: Path) -> None:
    store = S3Directory.prepare(tmp_path)
    damaged, place = in_a_bucket(origin, store)
    prove_that_nothing_is_silent(origin, damaged, place, STORED, 0, store.serving)
