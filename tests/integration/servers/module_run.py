# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running a module with real options, through Ansible's own argument handling, and taking its result."""

from __future__ import annotations

import importlib
import io
import json
from contextlib import redirect_stdout
from typing import Any

from ansible.module_utils.testing import patch_module_args


def run_module(name: str, options: dict[str, Any], *, check_mode: bool = False, diff: bool = True) -> dict[str, Any]:
    """The result of one call; anything but one JSON object on the module's output is an error of the test."""
    module = importlib.import_module(f"ansible_collections.gogidix.disaster_recovery.plugins.modules.{name}")
    output = io.StringIO()
    arguments = {**options, "_ansible_check_mode": check_mode, "_ansible_diff": diff}
    try:
        with redirect_stdout(output), patch_module_args(arguments):
            module.main()
    except SystemExit as end:
        result: dict[str, Any] = json.loads(output.getvalue())
        assert end.code == (1 if result.get("failed") else 0), result
        return result
    raise AssertionError(f"{name} ended without a result")
