# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What the workers of a plan inherit.

Ansible forks a worker for every task on every host. What the play's process has imported by then, a worker has too;
anything else each worker imports anew, which costs a tenth of a second a task while clients wait.
"""

from __future__ import annotations

import importlib
from contextlib import suppress

COLLECTION = "ansible_collections.gogidix.disaster_recovery.plugins"
NEEDED = (
    f"{COLLECTION}.filter.fence_orders",
    f"{COLLECTION}.filter.protection_group",
    f"{COLLECTION}.action.database_switchover",
    f"{COLLECTION}.action.dns_failover",
    f"{COLLECTION}.action.fence",
    f"{COLLECTION}.action.lease",
    f"{COLLECTION}.action.report",
    f"{COLLECTION}.action.validate",
    # The filters ask every engine what it can do.
    f"{COLLECTION}.module_utils._engine.files",
    f"{COLLECTION}.module_utils._engine.mariadb",
    f"{COLLECTION}.module_utils._engine.postgresql",
    f"{COLLECTION}.module_utils._engine.postgresql_dump",
    "psycopg2",
    "yaml",
    "ansible.executor.module_common",
    "ansible.plugins.connection.local",
    "ansible.plugins.connection.ssh",
    "ansible.plugins.filter.core",
    "ansible.plugins.lookup.env",
    "ansible.plugins.lookup.file",
    "ansible.plugins.test.core",
)


def import_for_workers() -> None:
    """Import it; what is missing is for its own task to complain about."""
    for name in NEEDED:
        with suppress(ImportError):
            importlib.import_module(name)
