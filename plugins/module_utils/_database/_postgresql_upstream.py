# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What a standby-to-be asks of its primary over the replication protocol: identity, history, and a slot."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_session import (
    Session,
    open_session,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database._postgresql_timeline import (
    Ancestry,
    parse_history,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._database.base import Upstream
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError


def ask_upstream(upstream: Upstream) -> Session:
    """A replication connection: it needs no database and no right but REPLICATION."""
    return open_session(
        host=upstream.host,
        port=upstream.port,
        user=upstream.user,
        password=upstream.password,
        replication=True,
        application="recovery_rejoin",
    )


def identify(session: Session) -> dict[str, Any]:
    """Who the upstream is and where it stands; a standby is refused, for it may itself have to go back."""
    if session.value("SHOW in_hot_standby") != "off":
        raise PreconditionError(
            f"follow {session.where}",
            cause="that server is a standby itself",
            next_action="Promote it first, or name the primary as upstream",
        )
    system = session.row("IDENTIFY_SYSTEM")
    return {
        "system_identifier": system["systemid"],
        "timeline": int(system["timeline"]),
        "lsn": system["xlogpos"],
    }


def ancestry(session: Session, timeline: int) -> Ancestry:
    """The history of the upstream's timeline; the first has none."""
    if timeline == 1:
        return Ancestry(1, {})
    content = session.row(f"TIMELINE_HISTORY {timeline:d}")["content"]
    return parse_history(timeline, content if isinstance(content, str) else bytes(content).decode())


def ensure_slot(session: Session, slot: str) -> bool:
    """Make the slot if it is missing, reserving the log from now on; says whether it was made."""
    if not slot or not all(letter.islower() or letter.isdigit() or letter == "_" for letter in slot):
        raise InputError(
            f"name the replication slot {slot!r}",
            cause="only lower case letters, digits and underscores are allowed",
            next_action="Name it after the standby's host, with _ for -",
        )
    if session.row(f"READ_REPLICATION_SLOT {slot}")["slot_type"] is not None:
        return False
    session.rows(f"CREATE_REPLICATION_SLOT {slot} PHYSICAL RESERVE_WAL")
    return True
