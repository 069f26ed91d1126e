# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Fencing by the path: from this host nothing reaches the databases any more, and a connection was tried in vain."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import require_success, run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.base import FenceMethod, Place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import LEVEL_ASSUMED

PROBE_SECONDS = 1.0
DEFAULT_PORT = 5432


class PathFence(FenceMethod):
    """Runs as root on every place that could write: proxies, applications, witness.

    One place proves nothing about the others: its proof has level 0 and names the place; the filter
    ``joined_fence_proof`` makes level 1 of at least two.
    """

    NAME = "path"
    OPTIONS = {
        "addresses": {"type": "list", "elements": "str", "required": True},
        "port": {"type": "int", "default": DEFAULT_PORT},
    }
    LEVEL = LEVEL_ASSUMED
    PLACE = Place.EVERYWHERE_ELSE
    USER = "root"

    @classmethod
    def order_of(cls, pair: Mapping[str, Any], pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """All databases of the site behind the same port are cut by one table, whichever of them is asked for."""
        port = pair["source"]["port"] or DEFAULT_PORT
        same = [other["source"] for other in pairs if (other["source"]["port"] or DEFAULT_PORT) == port]
        return {"addresses": sorted({end["address"] for end in same}), "port": port}

    @property
    def table(self) -> str:
        name = "".join(letter if letter.isalnum() else "_" for letter in self.site)
        return f"recovery_fence_{name}_{self.options['port']}"

    def observe(self) -> Description:
        """The rules as the kernel has them, and what a connection to each address came to."""
        cut = self.rules_stand()
        # Without the rules a refusal would prove nothing, and a site that is silent would let us wait for it.
        tried = self.addresses if cut else []
        with ThreadPoolExecutor(max_workers=8) as pool:
            refused = dict(zip(tried, pool.map(self.is_refused, tried), strict=True))
        return {
            "fenced": cut and all(refused.values()),
            "place": socket.gethostname(),
            "rules": cut,
            "refused": refused,
        }

    @property
    def addresses(self) -> list[str]:
        addresses: list[str] = self.options["addresses"]
        for address in addresses:
            try:
                socket.inet_pton(socket.AF_INET, address)
            except OSError as error:
                raise InputError(
                    "read the option method.path.addresses",
                    cause=f"{address!r} is no IPv4 address",
                    next_action="Give the addresses of the site's databases",
                ) from error
        return addresses

    def rules_stand(self) -> bool:
        listing = run_tool(["nft", "--json", "list", "tables"], deadline=Deadline(5))
        require_success(listing, "list the packet filter's tables", next_action="Run as root, with nftables installed")
        tables = [entry["table"]["name"] for entry in json.loads(listing.stdout)["nftables"] if "table" in entry]
        return self.table in tables

    def is_refused(self, address: str) -> bool:
        """Nobody can write over a connection that cannot be made."""
        try:
            with socket.create_connection((address, self.options["port"]), timeout=PROBE_SECONDS):
                return False
        except OSError:
            return True

    def stands(self, seen: Description) -> bool:
        return bool(seen["rules"])

    def cut(self, before: Description, deadline: Deadline) -> None:
        """One table, loaded at once. Open connections end too, and whoever writes hears so instead of waiting."""
        targets = ", ".join(self.addresses)
        match = f"ip daddr {{ {targets} }} tcp dport {self.options['port']} reject with tcp reset"
        chains = "".join(
            f"chain {hook} {{ type filter hook {hook} priority -300; {match}; }}\n" for hook in ("output", "forward")
        )
        rules = (
            f"table inet {self.table} {{}}\ndelete table inet {self.table}\ntable inet {self.table} {{ {chains} }}\n"
        )
        self.load(rules, "cut the path to the databases", deadline)

    def release(self, before: Description, deadline: Deadline) -> None:
        if before["rules"]:
            self.load(f"delete table inet {self.table}\n", "open the path to the databases", deadline)

    def load(self, rules: str, what: str, deadline: Deadline) -> None:
        loaded = run_tool(["nft", "-f", "-"], stdin=rules, deadline=deadline)
        require_success(loaded, what, next_action="See the words of nft; nothing of it was loaded")
