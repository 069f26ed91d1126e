# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that decide about backups, over files that restic keeps."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.integration.restic_copy.kept import Kept, write_papers
from tests.integration.servers.module_run import run_module


def options(kept: Kept, papers: Path) -> dict[str, Any]:
    return {
        "engine": {"files": {"stanza": "papers", "paths": [str(papers)]}},
        "repository": {"name": kept.name, "number": 1, "filesystem": {"path": str(kept.place)}},
        "configuration_file": str(kept.configuration_file),
        "trust_directory": str(kept.root / "trust"),
    }


def succeed(name: str, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    result = run_module(name, {**given, **more})
    assert not result.get("failed"), result
    return result


def test_a_copy_on_tape_is_evidence_that_the_policy_counts(tmp_path: Path, origin: Kept) -> None:
    here, options_of_tape = options(origin, origin.root / "papers"), {"device": str(tmp_path / "tape")}
    tape = {"name": "cellar", "number": 9, "tape": {**options_of_tape, "catalogue_directory": str(tmp_path / "rows")}}
    unwritten = succeed("backup_info", {**here, "repository": tape})
    copied = succeed("backup_copy", here, target=tape)
    assert succeed("backup_copy", here, target=tape)["changed"] is False
    listed = succeed("backup_info", {**here, "repository": tape})
    assert [each["id"] for each in listed["backups"]] == [each["id"] for each in copied["copies"]]
    assert {each["trust"]["level"] for each in listed["backups"]} == {"checked"}
    policy = {"stanzas": ["papers"], "places": {"cellar": {"offsite": True}}, "copies": 2, "immutable": 0}
    for seen, is_enough in ((unwritten, False), (listed, True)):
        check = {"name": "on tape", "backup_policy": {**policy, "catalogues": [seen]}}
        assert run_module("validate", {"checks": [check]}).get("passed") is is_enough


def test_backups_are_copied_proven_and_kept_by_policy_in_each_place_on_its_own(tmp_path: Path, origin: Kept) -> None:
    if os.geteuid() != 0:
        pytest.skip("files are backed up as root")
    first = Kept(tmp_path, "first").create("one example passphrase")
    second = Kept(tmp_path, "second").create("two example passphrase")
    papers = write_papers(tmp_path / "papers", 1, 3)
    here, there = options(first, papers), options(second, papers)
    names = []
    for seed in (2, 3):
        write_papers(papers, seed, 1)
        names.append(succeed("backup", here, strategy="incremental")["backup"]["id"])
    target = {"target": there["repository"], "target_configuration_file": there["configuration_file"]}
    copied = succeed("backup_copy", here, **target)
    assert copied["newly_copied"] == names and copied["missing"] == []
    assert succeed("backup_copy", here, **target)["changed"] is False
    # The copies were read where they lie: nothing of the originals' evidence was taken over, and none is left to do.
    listed = succeed("backup_info", there)["backups"]
    assert [each["trust"]["level"] for each in listed] == ["checked", "checked"]
    assert {each["copy"] for each in copied["copies"]} == {each["id"] for each in listed}
    sample = {"sample": {"newest": 1, "oldest_unproven": 5}, "unless_proven": True}
    assert succeed("backup_verify", there, **sample)["looked_at"] == []
    # What goes at the second place stays at the first.
    kept = succeed("backup_retention", there, policy={"keep_last": 1})
    assert [each["id"] for each in kept["removed"]] == [listed[0]["id"]]
    assert succeed("backup_retention", there, policy={"keep_last": 1})["changed"] is False
    assert [each["id"] for each in succeed("backup_info", here)["backups"]] == names
