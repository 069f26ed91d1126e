# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Joining the fence proofs of several places as a filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import RecoveryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import join_proofs
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._plain import plain


def joined_fence_proof(proofs: list[dict[str, Any]]) -> dict[str, Any]:
    """See joined_fence_proof.yml."""
    try:
        return join_proofs([plain(proof) for proof in proofs])
    except RecoveryError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"joined_fence_proof": joined_fence_proof}
