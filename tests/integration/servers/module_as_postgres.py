# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a module as a database's user does on its host: a program of its own, without the controller's side."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ansible
from ansible.release import __version__

ROOT = Path(__file__).parents[3]


@contextmanager
def module_library() -> Iterator[Path]:
    """What a module needs, where the database's user can read it: the collection's plugins and Ansible's own."""
    root = Path(tempfile.mkdtemp(prefix="library"))
    root.chmod(0o755)
    collection = root / "ansible_collections" / "gogidix" / "disaster_recovery"
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "plugins", collection / "plugins", ignore=without_caches)
    core = Path(ansible.__file__).parent
    shutil.copytree(core / "module_utils", root / "ansible" / "module_utils", ignore=without_caches)
    # As in the package that Ansible sends: nothing of the controller's side comes along.
    (root / "ansible" / "__init__.py").write_text(f"__version__ = {__version__!r}\n")
    # The database's user may not write here, so every call would compile all of it again.
    subprocess.run(["/usr/bin/python3", "-m", "compileall", "-q", str(root)], check=True)
    try:
        yield root
    finally:
        shutil.rmtree(root)


def module_argv(library: Path, name: str, *, user: str = "postgres", **environment: str) -> list[str]:
    return [
        *("runuser", "-u", user, "--", "env", f"PYTHONPATH={library}"),
        *(f"{key}={value}" for key, value in environment.items()),
        *("/usr/bin/python3", "-m", f"ansible_collections.gogidix.disaster_recovery.plugins.modules.{name}"),
    ]


def module_input(options: dict[str, Any], *, check: bool = False) -> str:
    return json.dumps({"ANSIBLE_MODULE_ARGS": {**options, "_ansible_check_mode": check, "_ansible_diff": True}})


def run_as_postgres(
    library: Path, name: str, options: dict[str, Any], *, check: bool = False, **environment: str
) -> dict[str, Any]:
    """The result of one call, failed or not."""
    return run_as_user(library, name, options, user="postgres", check=check, **environment)


def run_as_user(
    library: Path, name: str, options: dict[str, Any], *, user: str, check: bool = False, **environment: str
) -> dict[str, Any]:
    """The same as another user."""
    finished = subprocess.run(
        module_argv(library, name, user=user, **environment),
        input=module_input(options, check=check),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert finished.stdout.strip(), finished.stderr
    result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return result
