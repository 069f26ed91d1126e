# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting the supervisor of a run, detached from the service."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..settings import Settings
from . import process_tree
from .run_directory import RunDirectory, Spec, private_directory_of
from .values_file import write_values

RUN_ID = "RECOVERY_RUN_ID"
# The supervisor must find this package also when it is not installed.
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_PASSED = frozenset({"HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "VIRTUAL_ENV"})
_PASSED_PREFIXES = ("ANSIBLE_", "RECOVERY_")


@functools.cache
def isolation_of(wanted: str) -> str:
    """A pid namespace when it works here: then killing the supervisor takes the whole run with it, at once."""
    if wanted != "auto":
        return wanted
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return "subreaper"
    trial = subprocess.run([*_in_namespace(bwrap), "true"], capture_output=True, check=False)
    return "namespace" if trial.returncode == 0 else "subreaper"


def _in_namespace(bwrap: str) -> list[str]:
    # Not --die-with-parent: the run must survive the service. Not --proc: plans tell who holds a lease by
    # process ids, so a run must see, and be seen by, the same ids as everybody else on this machine.
    return [bwrap, "--dev-bind", "/", "/", "--unshare-pid", "--as-pid-1", "--"]


def prepare(
    settings: Settings,
    directory: RunDirectory,
    *,
    run_id: str,
    plan: str,
    inventory: Path,
    check: bool,
    parameters: dict[str, Any],
    secrets: list[str],
    deadline_at: float,
) -> None:
    """Lay down all that the supervisor needs."""
    private = private_directory_of(run_id, settings.runs_directory)
    spec = Spec(
        run_id=run_id,
        playbook=f"{settings.collection}.{plan}",
        inventory=str(inventory),
        check=check,
        project_directory=str(settings.project_directory),
        private_directory=str(private),
        vault_password_file=str(settings.vault_password_file) if settings.vault_password_file else None,
        kill_at=deadline_at + settings.kill_grace_seconds,
        isolation=isolation_of(settings.isolation),
        environment=plan_environment(settings, run_id),
    )
    directory.make(spec)
    # Warm connections of its own: those of another run end with that run, or hang with a host that died.
    write_values(private, {**parameters, "ansible_control_path_dir": str(private / "ssh")}, secrets)


def plan_environment(settings: Settings, run_id: str) -> dict[str, str]:
    environment = {
        RUN_ID: run_id,
        "RECOVERY_JOURNAL_DIRECTORY": str(settings.journal_directory),
        "ANSIBLE_COLLECTIONS_PATH": str(settings.collections_path),
        "ANSIBLE_CALLBACKS_ENABLED": "gogidix.disaster_recovery.recovery_journal",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
    }
    configuration = settings.project_directory / "ansible.cfg"
    if configuration.is_file():
        environment["ANSIBLE_CONFIG"] = str(configuration)
    return environment


def launch(directory: RunDirectory) -> subprocess.Popen[bytes]:
    """Start the supervisor; safe to repeat, since only the first that writes its pid goes on."""
    spec = directory.read_spec()
    argv = [sys.executable, "-m", "gogidix_recovery_runner.execution.supervisor", str(directory.path)]
    if spec.isolation == "namespace":
        argv = [*_in_namespace(shutil.which("bwrap") or "bwrap"), *argv]
    passed = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)}
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    with directory.child_log.open("ab") as child_log:
        directory.child_log.chmod(0o600)
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=child_log,
            stderr=child_log,
            cwd=spec.project_directory,
            env={**passed, "PATH": path, "PYTHONPATH": str(_PACKAGE_ROOT), **spec.environment},
            start_new_session=True,
        )


def end_leftovers(run_id: str) -> None:
    """Kill whatever of a run is left without its supervisor."""
    process_tree.end(process_tree.carrying(RUN_ID, run_id))
