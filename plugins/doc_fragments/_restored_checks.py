# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What is asked of a restored copy."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  checks:
    description:
      - Questions to the restored copy.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What is checked, for a person.
        type: str
        required: true
      query:
        description:
          - A statement of SQL that returns rows, for a database. Give exactly one of this, O(checks[].command) and
            O(checks[].path).
        type: str
      command:
        description:
          - A program with its arguments, for O(engine.files). It runs in the restored tree, whose path is also in the
            environment as E(RECOVERY_TREE), and has to end with 0. No shell is between.
        type: list
        elements: str
      path:
        description:
          - A file, for O(engine.files), as an absolute path of the host it was taken from. It has to be in the
            restored tree; a link that leads out of the tree does not count.
        type: str
      expect:
        description:
          - The answer that is right, needed for a query, with columns separated by tabs and rows by newlines.
          - With O(checks[].command), what it has to print; when not given, its exit code is enough.
        type: str
      pattern:
        description: A regular expression of Python that has to match in the file that O(checks[].path) names.
        type: str
"""
