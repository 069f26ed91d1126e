# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The program that a switchover runs on database and pooler hosts.

It is sent over the connection together with the files that it imports, as one text, and needs nothing but Python and
psycopg2 there. One call does one verb and answers with one line of JSON. The two ``arm`` verbs leave a process of
their own behind, the dead-man: unless it is disarmed before its time is over, it finds out by itself which database
writes, and gives the traffic back.

Whoever renames the state file from ``.armed`` decides: the dead-man to ``.fired``, the switchover to ``.disarmed``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.host_database import (
    database_arm,
    database_give_back,
    database_stop,
)
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.host_dead_man import (
    Parameters,
    disarm,
)
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._switchover.host_pooler import (
    pooler_arm,
    pooler_finish,
    pooler_put_back,
)

VERBS: dict[str, Callable[[Parameters], Parameters]] = {
    "database_arm": database_arm,
    "database_stop": database_stop,
    "database_give_back": database_give_back,
    "pooler_arm": pooler_arm,
    "pooler_put_back": pooler_put_back,
    "pooler_finish": pooler_finish,
    "disarm": disarm,
}


def answer(call: str) -> None:
    """Run one verb; the answer is the last line, so that nothing a login shell says can be taken for it."""
    given = json.loads(call)
    try:
        result = {"ok": True, **VERBS[given.pop("verb")](given)}
    except Exception as error:
        result = {"ok": False, "cause": f"{type(error).__name__}: {error}"}
    sys.stdout.write(f"\n{json.dumps(result)}\n")
    sys.stdout.flush()
