# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that spare playbooks long expressions over a protection group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._anomaly import anomaly_options
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_copies import (
    backup_copies,
    copy_report,
    tape_returns,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._backup_targets import (
    backup_proofs,
    backup_targets,
    recovery_point_objectives,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._copy_mistakes import copy_mistakes
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._protection_group import (
    balancer_endpoints,
    database_pairs,
    database_servers,
    group_loss,
    pooler_endpoints,
    records_at,
    source_probes,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_uses import (
    repository_checks,
    repository_uses,
    tape_uses,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_preview import restore_preview
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._retention_joining import kept_sets
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._system_set import system_reads, system_set
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust_places import (
    trust_heard,
    trust_known,
    trust_ledgers,
    trust_news,
    trust_silent,
)
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._plain import plain


def _explained(work: Callable[..., Any]) -> Callable[..., Any]:
    """A filter's error as one line that names cause and remedy."""

    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return work(*args, **kwargs)
        except RecoveryError as error:
            raise AnsibleFilterError(str(error)) from error

    return run


def _of_plain_repositories(work: Callable[..., Any]) -> Callable[..., Any]:
    """An entry is copied when it is read, and what the controller templates takes every variable of the run along."""

    def run(databases: Any, repositories: Any, *asked: Any, **named: Any) -> Any:
        return work(databases, plain(repositories), *asked, **named)

    return _explained(run)


def _of_plain_looks(work: Callable[..., Any]) -> Callable[..., Any]:
    """What is handed on to a module as it was found."""

    def run(looks: Any, *asked: Any) -> Any:
        return work(plain(looks), *asked)

    return _explained(run)


class FilterModule:
    """The table Ansible reads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "anomaly_options": _explained(anomaly_options),
            "backup_proofs": _explained(backup_proofs),
            "backup_copies": _of_plain_repositories(backup_copies),
            "backup_targets": _of_plain_repositories(backup_targets),
            "balancer_endpoints": _explained(balancer_endpoints),
            "copy_mistakes": _of_plain_repositories(copy_mistakes),
            "copy_report": _explained(copy_report),
            "database_pairs": _explained(database_pairs),
            "database_servers": _explained(database_servers),
            "group_loss": _explained(group_loss),
            "kept_sets": _explained(kept_sets),
            "pooler_endpoints": _explained(pooler_endpoints),
            "records_at": _explained(records_at),
            "recovery_point_objectives": _explained(recovery_point_objectives),
            "repository_checks": _explained(repository_checks),
            "repository_uses": _explained(repository_uses),
            "restore_preview": _explained(restore_preview),
            "source_probes": _explained(source_probes),
            "system_reads": _explained(system_reads),
            "system_set": _explained(system_set),
            "tape_returns": _of_plain_repositories(tape_returns),
            "tape_uses": _explained(tape_uses),
            "trust_heard": _explained(trust_heard),
            "trust_known": _of_plain_looks(trust_known),
            "trust_ledgers": _explained(trust_ledgers),
            "trust_news": _of_plain_looks(trust_news),
            "trust_silent": _explained(trust_silent),
        }
