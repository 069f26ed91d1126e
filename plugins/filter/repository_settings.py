# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tools' configuration files say of the repositories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_copies import pgbackrest_copies
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import (
    pgbackrest_settings,
    repository_passphrase,
    restic_environment,
    restic_repositories,
)
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._plain import plain


def _explained(work: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose error is one line that names cause and remedy; no secret stands in it."""

    def run(repositories: Any, *arguments: Any) -> Any:
        try:
            return work(plain(repositories), *arguments)
        except RecoveryError as error:
            raise AnsibleFilterError(str(error)) from error

    return run


class FilterModule:
    """The table Ansible reads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "pgbackrest_copies": _explained(pgbackrest_copies),
            "pgbackrest_settings": _explained(pgbackrest_settings),
            "repository_passphrase": _explained(repository_passphrase),
            "restic_environment": _explained(restic_environment),
            "restic_repositories": _explained(restic_repositories),
        }
