# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of a second repository: those of the first, word for word."""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.doc_fragments import _repository


class ModuleDocFragment:
    DOCUMENTATION: str = _repository.ModuleDocFragment.DOCUMENTATION.replace(
        "  repository:\n", "  target:\n", 1
    ).replace("O(repository.", "O(target.")
