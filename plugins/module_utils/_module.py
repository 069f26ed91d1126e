# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The flow every module follows, and the only place that knows AnsibleModule and check mode."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Change, Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError, RecoveryError


class Subject(Protocol):
    """What a module works on: one thing that can be described, planned, changed and read back."""

    def describe(self) -> Description:
        """The thing as it is now; no side effects, plain JSON values."""

    def plan(self, before: Description) -> Description:
        """The thing as it should be; pure. Raises when the wanted state must not be reached from here."""

    def apply(self, before: Description, after: Description) -> None:
        """Make it so; stops at its own safe point when its deadline passes."""

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        """What the journal keeps: ``before`` for an undo, proofs, measures."""

    def results(self, after: Description) -> dict[str, Any]:
        """The module's own return values, the same shape in check mode."""


def differs(seen: Description, wanted: Description) -> dict[str, dict[str, Any]]:
    """The planned keys that the world does not show after the change."""
    return {key: {"wanted": wanted[key], "seen": seen.get(key)} for key in wanted if seen.get(key) != wanted[key]}


def run_subject(
    module: AnsibleModule, subject: Subject, *, what: str, holding: AbstractContextManager[None] | None = None
) -> None:
    """Describe, plan, apply unless in check mode, read back, exit. ``what`` names the act in an error.

    ``holding`` is around all of it, for what has to be in its place meanwhile; what it raises is told as well.
    """
    # A module lives for one call: looking again and again for cycles in what it read costs more than it gains.
    gc.disable()
    try:
        with holding or nullcontext():
            before, after = _brought_about(subject, what, is_only_looked_at=bool(module.check_mode))
        change = Change(before, after)
        module.exit_json(
            changed=change.changed,
            diff=change.diff,
            recovery=subject.evidence(before, after),
            **subject.results(after),
        )
    except RecoveryError as error:
        module.fail_json(**error.as_result())


def _brought_about(subject: Subject, what: str, *, is_only_looked_at: bool) -> tuple[Description, Description]:
    """What was, and what is then; in check mode, what would be."""
    before = subject.describe()
    after = subject.plan(before)
    if after == before or is_only_looked_at:
        return before, after
    subject.apply(before, after)
    seen = subject.describe()
    wrong = differs(seen, after)
    if wrong:
        raise IntegrityError(
            what,
            cause=f"after the change it reads back differently: {wrong}",
            next_action="Look at the target by hand before anything else is done to it",
            data_state="unknown",
            retry_safe=False,
            evidence={"before": before, "read_back": seen},
        )
    return before, seen


def run_observation(module: AnsibleModule, observe: Any) -> None:
    """For modules that never change anything: ``observe()`` returns the module's own return values."""
    try:
        module.exit_json(changed=False, **observe())
    except RecoveryError as error:
        module.fail_json(**error.as_result())


def run_verdict(module: AnsibleModule, judge: Callable[[bool], tuple[dict[str, Any], RecoveryError | None]]) -> None:
    """For modules that judge what they observe: a bad verdict is a failure that still returns all that was seen.

    ``judge`` is told whether this is check mode, where what lies in the future cannot be observed.
    """
    try:
        results, error = judge(bool(module.check_mode))
    except RecoveryError as failure:
        module.fail_json(**failure.as_result())
    if error is not None:
        module.fail_json(**{**error.as_result(), **results})
    module.exit_json(changed=False, **results)


@contextmanager
def failing_cleanly(module: AnsibleModule) -> Iterator[None]:
    """For what stands before the flow, such as reading options into a subject: a RecoveryError ends the module."""
    try:
        yield
    except RecoveryError as error:
        module.fail_json(**error.as_result())
