# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Asking the name servers of a zone themselves, at the same time, so that no cache can answer for them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import Surroundings
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._query import (
    HAS_DNSPYTHON,
    NotAnswered,
    authoritative_answer,
    canonical_name,
    is_address,
    record_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import RecordKey, RecordSet
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, NameServiceError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._library import require_library


class Resolution:
    """The answers of all name servers for one record."""

    def __init__(self, name: str, record_type: str, servers: Sequence[str], surroundings: Surroundings) -> None:
        require_library("dnspython", HAS_DNSPYTHON)
        wrong = [server for server in servers if not is_address(server)]
        if wrong or not servers:
            raise InputError(
                f"choose the name servers to ask for {name}",
                cause=f"{wrong[0]!r} is no address" if wrong else "none are given",
                next_action="Give the addresses of the authoritative servers, in the check or in name_servers",
            )
        self.key = RecordKey(canonical_name(name), record_type)
        self._servers = list(dict.fromkeys(servers))
        self._port = surroundings.name_server_port
        self._accepted = surroundings.unreachable_accepted

    def ask(self) -> dict[str, RecordSet | NotAnswered]:
        with ThreadPoolExecutor(max_workers=len(self._servers)) as pool:
            return dict(zip(self._servers, pool.map(self._ask_one, self._servers), strict=True))

    def agreed(self) -> tuple[RecordSet, dict[str, Any]]:
        """The one record set that all servers show, and what each said; NameServiceError when they do not agree."""
        answers = self.ask()
        told = {server: str(answer) for server, answer in answers.items()}
        silent = [
            server
            for server, answer in answers.items()
            if isinstance(answer, NotAnswered) and server not in self._accepted
        ]
        shown = {answer.values: answer for answer in answers.values() if isinstance(answer, RecordSet)}
        if silent or len(shown) != 1:
            raise NameServiceError(
                f"learn {self.key} from its name servers",
                cause="; ".join(f"{server}: {said}" for server, said in told.items()),
                next_action="Look at the zone transfers and at the servers that do not answer",
                code="DR-DNS-STALE" if len(shown) > 1 else "DR-DNS-UNREACHABLE",
                evidence={"answers": told},
            )
        return next(iter(shown.values())), told

    def _ask_one(self, server: str) -> RecordSet | NotAnswered:
        try:
            return record_of(self.key, authoritative_answer(server, self._port, self.key))
        except NotAnswered as error:
            return error
