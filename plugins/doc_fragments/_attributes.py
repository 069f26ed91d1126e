# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What every module says about check mode, diff mode, idempotence and its action group."""

from __future__ import annotations


class ModuleDocFragment:
    # For modules that change something. A module in which one of them is otherwise gives the support and the details.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in check mode and say what it would change, without changing it.
    support: full
  diff_mode:
    description:
      - Returns what differs between before and after (in check mode, what would differ) when run with C(--diff).
    support: full
  idempotent:
    description:
      - A second call with the same options changes nothing, as long as nobody else changed the target in between.
    support: full
"""

    # For modules that only look.
    INFO = r"""
options: {}
attributes:
  check_mode:
    description:
      - Can run in check mode.
    support: full
    details:
      - It never changes anything, so it does the same in check mode.
  diff_mode:
    description:
      - Returns what differs between before and after when run with C(--diff).
    support: N/A
    details:
      - It never changes anything.
  idempotent:
    description:
      - A second call with the same options changes nothing.
    support: full
    details:
      - It never changes anything.
"""

    # For every module.
    ACTIONGROUP = r"""
options: {}
attributes:
  action_group:
    description:
      - Takes defaults from C(module_defaults) under C(group/gogidix.disaster_recovery.disaster_recovery).
    support: full
    membership:
      - gogidix.disaster_recovery.disaster_recovery
"""
