# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The orders of a fence, and their answers, as filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence import _orders
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._plain import plain


def fence_orders(pairs: list[dict[str, Any]], method: dict[str, Any], hosts: list[str]) -> list[dict[str, Any]]:
    """See fence_orders.yml."""
    try:
        return _orders.fence_orders(plain(pairs), plain(method), plain(hosts))
    except RecoveryError as error:
        raise AnsibleFilterError(str(error)) from error


def joined_fence_answers(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """See joined_fence_answers.yml."""
    try:
        return _orders.joined_answers(plain(answers))
    except RecoveryError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fence_orders": fence_orders, "joined_fence_answers": joined_fence_answers}
