# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loss estimate as a filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._loss import estimate_loss


def loss_estimate(
    target: dict[str, Any] | None, source: dict[str, Any] | None = None, objectives: dict[str, Any] | None = None
) -> dict[str, Any]:
    """See loss_estimate.yml."""
    try:
        return estimate_loss(target, source, objectives)
    except (RecoveryError, ValueError) as error:
        raise AnsibleFilterError(f"loss_estimate: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"loss_estimate": loss_estimate}
