# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Python libraries that a module needs on the host where it runs."""

from __future__ import annotations

import platform
import sys

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError


def require_library(library: str, is_there: bool) -> None:
    """Say clearly which library is missing, for which Python, on which host; imports themselves never fail."""
    if not is_there:
        raise PreconditionError(
            f"use the Python library {library}",
            cause=f"it is not installed for {sys.executable} on {platform.node()}",
            next_action=f"Install {library} there, or set ansible_python_interpreter to a Python that has it",
        )
