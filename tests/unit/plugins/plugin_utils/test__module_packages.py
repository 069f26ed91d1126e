# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has packed is found by the next one, and nothing that is not what was put there, or not from our hands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils import _module_packages
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._module_packages import ModulePackages

OURS = "ansible_collections.gogidix.disaster_recovery.plugins.modules.backup-ZIP_DEFLATED-none"
CORE = "ansible.modules.ping-ZIP_DEFLATED-none"
PLAN = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.ping:
    - gogidix.disaster_recovery.module_pack: {modules: [gogidix.disaster_recovery.backup_info]}
"""


def run_of(place: Path, number: int, *packed: str) -> ModulePackages:
    """A run that packs these."""
    run = ModulePackages(place / "kept" / _module_packages.digest_of_sources(), place / f"run{number}")
    run.used.mkdir()
    for name in packed:
        (run.used / name).write_text(f"what {name} needs")
    return run


def laid_for_the_next(place: Path) -> dict[str, str]:
    run = run_of(place, 2)
    run.lay_out()
    return {path.name: path.read_text() for path in run.used.iterdir()}


def test_the_next_run_finds_what_was_packed(tmp_path: Path) -> None:
    run_of(tmp_path, 1, OURS, CORE).keep()
    assert laid_for_the_next(tmp_path) == {OURS: f"what {OURS} needs", CORE: f"what {CORE} needs"}


@pytest.mark.parametrize(
    "name",
    [
        # Their sources are not looked at.
        "ansible_collections.community.general.plugins.modules.archive-ZIP_DEFLATED-none",
        "ansible.legacy.ping-ZIP_DEFLATED-none",
        # Made for somebody who looks for a mistake.
        "ansible.modules.ping-ZIP_DEFLATED-_debugpy",
        f"{OURS}.lock",
        f"{OURS}-part",
    ],
)
def test_what_depends_on_more_than_is_looked_at_is_not_kept(tmp_path: Path, name: str) -> None:
    run_of(tmp_path, 1, name).keep()
    assert laid_for_the_next(tmp_path) == {}


def test_what_is_not_as_it_was_put_there_goes_and_the_rest_stays(tmp_path: Path) -> None:
    first = run_of(tmp_path, 1, OURS, CORE)
    first.keep()
    [damaged] = first.kept.glob("*modules.backup-*")
    damaged.write_text("half")
    assert laid_for_the_next(tmp_path) == {CORE: f"what {CORE} needs"}
    assert not damaged.exists()


@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_a_place_that_others_may_write_is_not_trusted(tmp_path: Path, mode: int) -> None:
    first = run_of(tmp_path, 1, OURS)
    first.keep()
    first.kept.chmod(mode)
    assert laid_for_the_next(tmp_path) == {}


def test_a_link_is_not_followed_to_packages(tmp_path: Path) -> None:
    first = run_of(tmp_path, 1, OURS)
    first.keep()
    first.kept.rename(tmp_path / "elsewhere")
    first.kept.symlink_to(tmp_path / "elsewhere")
    assert laid_for_the_next(tmp_path) == {}


def test_what_was_packed_while_sources_changed_is_not_kept(tmp_path: Path) -> None:
    run = run_of(tmp_path, 1, OURS)
    with patch.object(_module_packages, "digest_of_sources", lambda: "of other sources"):
        run.keep()
    assert laid_for_the_next(tmp_path) == {}


def test_a_directory_among_the_packages_hides_none(tmp_path: Path) -> None:
    first = run_of(tmp_path, 1, OURS)
    first.keep()
    (first.kept / f"{CORE}.{'0' * 64}").mkdir()
    assert list(laid_for_the_next(tmp_path)) == [OURS]


def test_what_nobody_used_for_long_is_forgotten(tmp_path: Path) -> None:
    first = run_of(tmp_path, 1, OURS)
    first.keep()
    (old := first.kept.with_name("former")).mkdir(mode=0o700)
    os.utime(old, (1, 1))
    first.keep()
    assert (old.exists(), first.kept.exists()) == (False, True)


def test_a_change_of_a_source_makes_other_packages(tmp_path: Path) -> None:
    for part in ("modules", "module_utils/_engine"):
        (tmp_path / part).mkdir(parents=True)
    source = tmp_path / "module_utils" / "_engine" / "files.py"
    source.write_text("ANSWER = 41\n")
    with patch.object(_module_packages, "COLLECTION", tmp_path):
        before = _module_packages.digest_of_sources()
        assert _module_packages.digest_of_sources() == before
        seen = source.stat()
        source.write_text("ANSWER = 42\n")
        os.utime(source, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        assert _module_packages.digest_of_sources() != before


def packed_by_a_run(place: Path) -> int:
    """How many modules a real run packs, by its own word; from the second one on, none."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    argv = [program, "-i", "localhost,", "-c", "local", str(place / "plan.yml")]
    told = {
        "ANSIBLE_HOME": str(place / "home"),
        "ANSIBLE_DEBUG": "1",
        "ANSIBLE_CALLBACKS_ENABLED": "gogidix.disaster_recovery.recovery_journal",
        "RECOVERY_JOURNAL_DIRECTORY": str(place / "journal"),
    }
    done = subprocess.run(argv, env={**os.environ, **told}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count("ANSIBALLZ: ") > 1
    return done.stdout.count("ANSIBALLZ: Creating module")


def test_ansible_packs_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "plan.yml").write_text(PLAN)
    assert [packed_by_a_run(tmp_path) for _each in range(2)] == [2, 0]
