# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Recovering a restored directory to a target, proving that it got there, and questioning it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._control_data import (
    ControlData,
    control_data_command,
    read_control_data,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import (
    Instance,
    limits_of,
    state_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restore_choice import ONLY_REPLAY_TELLS
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Check, Reached, RestorePlan
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError, LogGapError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._lsn import parse_lsn
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._recovery_target import RecoveryTarget

ENDED_TOO_EARLY = "recovery ended before configured recovery target was reached"
LAST_TRANSACTION = re.compile(r"last completed transaction was at log time ([^\n]+)")
STOPPED = re.compile(r"recovery stopping [^\n]+")
# What the startup process waits for when no place has the next piece of the log.
WAITS_FOR_MORE_LOG = "RecoveryRetrieveRetryInterval"
# How the settings of a recovery begin: none of them may survive from the source or into later life.
OWN_SETTINGS = re.compile(r"^(recovery_|restore_command|archive_cleanup_command|primary_|standby_)")
# The server itself takes its recovery's settings away when it has ended, whoever started it.
FORGET_RECOVERY = "sed -i -E '/^(recovery_|restore_command)/d' postgresql.auto.conf"


def target_settings(target: RecoveryTarget, timeline: int, action: str) -> dict[str, str]:
    """PostgreSQL's recovery settings for a target."""
    settings = {"recovery_target_timeline": str(timeline)}
    if target.kind == "latest":
        return settings
    settings["recovery_target_action"] = action
    if target.kind == "immediate":
        settings["recovery_target"] = "immediate"
    elif target.kind == "time" and target.at is not None:
        settings["recovery_target_time"] = target.at.strftime("%Y-%m-%d %H:%M:%S.%f+00")
    else:
        settings[f"recovery_target_{target.kind}"] = str(target.value)
    return settings


def recover(
    instance: Instance, plan: RestorePlan, restore_command: str, extra: dict[str, str], *, listen: str
) -> Reached:
    """Replay to the target and hold there."""
    limits = control_limits(instance)
    settings = {
        **limits,
        **extra,
        "restore_command": restore_command,
        **target_settings(plan.target, plan.timeline, "pause"),
    }
    instance.configure(settings, listen=listen)
    if plan.target.kind == "latest":
        return recover_to_the_end(instance, plan)
    instance.signal_recovery(endless=False)
    instance.start()
    seen = wait(instance, f"recover to {plan.target}", lambda state: bool(state["is_paused"]), plan)
    stopped = STOPPED.findall(instance.log_text)
    if not stopped:
        raise not_proven(instance, plan, "the server is paused, but does not say that it reached the target")
    return reached(instance, plan, seen, by=stopped[-1])


def recover_to_the_end(instance: Instance, plan: RestorePlan) -> Reached:
    """Replay all there is as a standby does; the end counts only when it is the end that the archive showed."""
    instance.signal_recovery(endless=True)
    instance.start()
    needed = plan.last_segment_lsn

    def is_at_the_end(state: dict[str, Any]) -> bool:
        if state["waits_for"] != WAITS_FOR_MORE_LOG:
            return False
        if parse_lsn(state["lsn"]) < needed:
            raise LogGapError(
                f"recover to {plan.target}",
                cause=f"replay ended at {state['lsn']}, before the last piece of the archived log",
                next_action="Look for a damaged piece of the log with backup_verify, and choose an earlier target",
                evidence={"log": instance.log_text.splitlines()[-20:]},
            )
        return True

    seen = wait(instance, f"recover to {plan.target}", is_at_the_end, plan)
    return reached(instance, plan, seen, by="end_of_log")


def wait(
    instance: Instance, what: str, is_reached: Callable[[dict[str, Any]], bool], plan: RestorePlan
) -> dict[str, Any]:
    """The state in which the predicate came true; a log that ends before the target is an error."""

    def observe() -> dict[str, Any] | None:
        state = state_of(instance)
        # Looked at once: it may end between two looks.
        if state is None and instance.process_id is None:
            if ENDED_TOO_EARLY in instance.log_text:
                raise ended_too_early(instance, plan, what)
            instance.require_alive()
        return state

    seen = instance.deadline.wait_until(
        what,
        observe,
        lambda state: state is not None and is_reached(state),
        every_seconds=0.05,
        next_action="Raise the deadline: replay takes as long as there is log; or restore a later backup",
    )
    if seen is None:
        raise AssertionError("a wait that ended has seen something")
    return seen


def ended_too_early(instance: Instance, plan: RestorePlan, what: str) -> LogGapError:
    """Without a transaction after the target nobody knows whether the log up to it is all there."""
    last = (LAST_TRANSACTION.findall(instance.log_text) or ["unknown"])[-1]
    return LogGapError(
        what,
        cause=f"the archived log ends without {plan.target}; its last transaction is of {last}",
        next_action=where_else(plan),
        evidence={"log": instance.log_text.splitlines()[-20:]},
    )


def where_else(plan: RestorePlan) -> str:
    """What is left to try when the log ended without the target."""
    ship = "Ship the log with the strategy transaction_log if the primary lives"
    if plan.target.kind not in ONLY_REPLAY_TELLS:
        return f"{ship}, or choose an earlier target"
    return (
        f"Name a backup before {plan.record.id} in backup (recovery_restore_backup), for the target may lie before "
        f"that one ended, or the timeline that it was written on. {ship}, if it is younger than its last log"
    )


def reached(instance: Instance, plan: RestorePlan, state: dict[str, Any], *, by: str) -> Reached:
    """The proof, compared with what was wanted."""
    found = Reached(lsn=state["lsn"], at=state["at"], timeline=int(state["timeline"]), by=by)
    wanted_at = plan.target.at
    if wanted_at is not None and found.at is not None and found.at > wanted_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"):
        raise not_proven(instance, plan, f"the last commit is of {found.at}, after the target")
    return found


def not_proven(instance: Instance, plan: RestorePlan, cause: str) -> IntegrityError:
    return IntegrityError(
        f"recover to {plan.target}",
        cause=f"{cause}: {instance.last_words}",
        next_action="Choose another target or an earlier backup",
        evidence={"log": instance.log_text.splitlines()[-20:]},
    )


def open_for_writes(instance: Instance) -> Reached:
    """End the recovery of a held instance."""
    state = state_of(instance)
    if state is not None and state["is_recovering"]:
        instance.ask("SELECT pg_wal_replay_resume();" if state["is_paused"] else "SELECT pg_promote(wait => false);")

    def observe() -> dict[str, Any] | None:
        seen = state_of(instance)
        if seen is None:
            instance.require_alive()
        return seen

    seen = instance.deadline.wait_until(
        f"open the copy in {instance.directory}",
        observe,
        lambda each: each is not None and not each["is_recovering"],
        every_seconds=0.05,
        next_action="Read its log",
    )
    if seen is None:
        raise AssertionError("a wait that ended has seen something")
    return Reached(lsn=seen["lsn"], at=seen["at"], timeline=int(seen["timeline"]), by="open")


def stopped_in_order(instance: Instance, what: str) -> ControlData:
    """The control data of a stopped copy; of one that did not end in order nobody may say that it is good."""
    directories = str(instance.binary_directory), str(instance.directory)
    control = read_control_data(*directories, deadline=instance.deadline)
    if not control.is_cleanly_shut_down:
        raise IntegrityError(what, cause=f"it is {control.cluster_state}", next_action="Read its log")
    return control


def control_limits(instance: Instance) -> dict[str, str]:
    argv = control_data_command(str(instance.binary_directory), str(instance.directory))
    return limits_of(run_tool(argv, deadline=instance.deadline, environment={"LC_ALL": "C"}).stdout)


def question(instance: Instance, checks: list[Check], default_database: str) -> list[dict[str, Any]]:
    """Every check with the answer it got; an answer other than the expected one is the caller's to judge."""
    answers = []
    for check in checks:
        rows = instance.ask(check.query, database=default_database)
        observed = "\n".join("\t".join(row) for row in rows) if rows is not None else "no answer"
        answers.append(
            {
                "name": check.name,
                "passed": rows is not None and observed == check.expect,
                "observed": observed,
                "expected": check.expect,
            }
        )
    return answers


def check_structure(instance: Instance) -> str:
    """Every table and index, each heap row against its indexes; raises when something does not fit."""
    wanted = ["--all", "--heapallindexed", "--install-missing"]
    finished = run_tool(instance.argv("pg_amcheck", *wanted, *instance.address), deadline=instance.deadline)
    if finished.rc != 0 or finished.stdout.strip():
        raise IntegrityError(
            f"check tables and indexes of the copy in {instance.directory}",
            cause=finished.last_lines,
            next_action="Restore another backup and compare; take a new full backup",
        )
    return "all tables and indexes are consistent"


def check_pages(instance: Instance) -> str:
    """The checksum of every page of a stopped copy."""
    what = f"check the pages of the copy in {instance.directory}"
    if not stopped_in_order(instance, what).has_data_checksums:
        return "not possible: the cluster has no data checksums"
    argv = [str(instance.binary_directory / "pg_checksums"), "--check", "-D", str(instance.directory)]
    finished = run_tool(argv, deadline=instance.deadline, environment={"LC_ALL": "C"})
    scanned = re.search(r"Blocks scanned: +(\d+)", finished.stdout)
    bad = re.search(r"Bad checksums: +(\d+)", finished.stdout)
    if finished.rc != 0 or scanned is None or bad is None or bad[1] != "0":
        raise IntegrityError(what, cause=finished.last_lines, next_action="Use another backup; take a new full one")
    return f"{scanned[1]} pages, all with the right checksum"


def live_settings(source: str, restore_command: str, target: RecoveryTarget, timeline: int) -> str:
    """postgresql.auto.conf of data that goes live: the source's own settings, and the recovery to the same target."""
    kept = [line for line in source.splitlines() if not OWN_SETTINGS.match(line.strip())]
    recovery = {"restore_command": restore_command, "recovery_end_command": FORGET_RECOVERY}
    settings = {**recovery, **target_settings(target, timeline, "promote")}
    ours = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    return "\n".join([*kept, *ours]) + "\n"
