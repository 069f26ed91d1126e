# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the boot guard of a host has to know, as a filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def guarded_databases(
    databases: Mapping[str, Any], host: str, hostvars: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """See guarded_databases.yml."""
    found = []
    for name, entry in sorted(databases.items()):
        peers = [peer for _site, peer in sorted(entry["hosts"].items()) if peer != host]
        options = entry["engine"].get("postgresql")
        if options is None or host not in entry["hosts"].values() or entry.get("moves") is False or not peers:
            continue
        version, cluster = str(options["version"]), options.get("cluster") or "main"
        port = int(options.get("port") or 5432)
        found.append(
            {
                "name": name,
                "version": version,
                "cluster": cluster,
                "data_directory": options.get("data_directory") or f"/var/lib/postgresql/{version}/{cluster}",
                "configuration_directory": options.get("configuration_directory")
                or f"/etc/postgresql/{version}/{cluster}",
                "peers": [{"host": str(hostvars[peer].get("ansible_host") or peer), "port": port} for peer in peers],
            }
        )
    return found


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"guarded_databases": guarded_databases}
