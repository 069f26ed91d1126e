# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventories that may be used, and what the service needs to know of them: group, sites, objectives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import InvalidConfiguration, NotFound
from .settings import Settings

_READ_SECONDS = 60


@dataclass(frozen=True)
class Inventory:
    """What an inventory says of its protection group. ``variables`` are names only: values may be secret."""

    name: str
    path: Path
    group: str
    sites: dict[str, dict[str, Any]]
    objectives: dict[str, Any]
    variables: frozenset[str] = field(repr=False)
    # What a parameter may name, by the last word of the parameter's own name.
    names: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @property
    def environment(self) -> str:
        """Production as soon as one of its sites is; never a matter of the request."""
        environments = sorted({str(site.get("environment", "unknown")) for site in self.sites.values()}) or ["unknown"]
        return "production" if "production" in environments else environments[0]


class Inventories:
    """The enumerated inventories, read when first asked for and again when a file of them changed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: dict[str, tuple[int, Inventory]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        return sorted(self._settings.inventories)

    def get(self, name: str) -> Inventory:
        path = self._settings.inventories.get(name)
        if path is None:
            raise NotFound(f"There is no inventory {name!r}. The inventories are {', '.join(self.names()) or 'none'}.")
        changed_at = _newest_change(path)
        with self._lock:
            known = self._read.get(name)
            if known is None or known[0] != changed_at:
                known = (changed_at, read_inventory(name, path, self._settings))
                self._read[name] = known
            return known[1]


def _newest_change(path: Path) -> int:
    files = [path, *path.rglob("*")] if path.is_dir() else [path]
    return max(file.stat().st_mtime_ns for file in files if file.exists())


def read_inventory(name: str, path: Path, settings: Settings) -> Inventory:
    """Let Ansible itself read the inventory, and keep only what is not secret."""
    argv = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(path), "--list"]
    if settings.vault_password_file:
        argv += ["--vault-password-file", str(settings.vault_password_file)]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(settings.collections_path)}
    try:
        listed = subprocess.run(
            argv,
            env=environment,
            cwd=settings.project_directory,
            capture_output=True,
            timeout=_READ_SECONDS,
            check=True,
        )
        hosts: dict[str, dict[str, Any]] = json.loads(listed.stdout)["_meta"]["hostvars"]
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[-400:]
        raise InvalidConfiguration(f"The inventory {name} cannot be read: {said}") from error
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise InvalidConfiguration(f"The inventory {name} cannot be read: {type(error).__name__}.") from error
    return described(name, path, hosts)


def described(name: str, path: Path, hosts: dict[str, dict[str, Any]]) -> Inventory:
    """The inventory from its hosts' variables; a protection group must have a plain name."""
    variables = frozenset(key for values in hosts.values() for key in values)
    group = _first(hosts, "recovery_group")
    if not isinstance(group, str) or not group or "{" in group:
        raise InvalidConfiguration(f"The inventory {name} must set recovery_group to a plain name.")
    sites = _first(hosts, "recovery_sites")
    if not isinstance(sites, dict) or not sites:
        raise InvalidConfiguration(f"The inventory {name} must set recovery_sites.")
    return Inventory(
        name=name,
        path=path,
        group=group,
        sites={str(key): site if isinstance(site, dict) else {} for key, site in sites.items()},
        objectives=_first(hosts, "recovery_objectives") or {},
        variables=variables,
        names={
            "site": sorted(sites),
            "host": sorted(hosts),
            "database": _keys(_first(hosts, "recovery_databases")),
            "repository": _keys(_first(hosts, "recovery_repositories")),
        },
    )


def _keys(value: Any) -> list[str]:
    return sorted(map(str, value)) if isinstance(value, dict) else []


def _first(hosts: dict[str, dict[str, Any]], variable: str) -> Any:
    return next((values[variable] for _host, values in sorted(hosts.items()) if variable in values), None)
