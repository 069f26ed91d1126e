# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""M(gogidix.disaster_recovery.dns_failover) in the controller's own process; its documentation is the module's."""

from __future__ import annotations

from ansible_collections.gogidix.disaster_recovery.plugins.modules import dns_failover
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._here import RunsHere


class ActionModule(RunsHere):
    """Updates are sent from here."""

    SPECIFICATION = dns_failover.SPECIFICATION
    MODULE = dns_failover.run
    LIBRARIES = ("dns",)
