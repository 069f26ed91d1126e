# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One thread that follows every active run by its files: starts, re-attaches, records, and ends them."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
import time
from datetime import UTC, datetime
from typing import Any

from ..database.events import Events
from ..database.models import Run
from ..database.runs import Runs, now
from ..errors import Conflict
from ..plans import PLANS
from ..run_state import RunStatus, Verdict
from ..settings import Settings
from . import launch, process_tree
from .outcome import outcome_of
from .run_directory import RunDirectory

_EVERY_SECONDS = 0.1
_IDLE_SECONDS = 1.0
_CANCEL_PATIENCE_SECONDS = 15.0
_MOST_LAUNCHES = 3
_MOST_BYTES = 4 << 20
_log = logging.getLogger("gogidix_recovery_runner")


class Follower(threading.Thread):
    """Follows runs until it is told to stop; the runs do not mind, and the next follower goes on."""

    def __init__(self, settings: Settings, runs: Runs, events: Events) -> None:
        super().__init__(name="follower", daemon=True)
        self._settings = settings
        self._runs = runs
        self._events = events
        self._wake = threading.Event()
        self._over = False
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._launches: dict[str, int] = {}
        self.beat_at = time.monotonic()

    def wake(self) -> None:
        """There is something new to look at."""
        self._wake.set()

    def stop(self) -> None:
        self._over = True
        self._wake.set()
        self.join()

    def run(self) -> None:
        while not self._over:
            self._wake.clear()
            is_idle = self._follow_all()
            self.beat_at = time.monotonic()
            self._wake.wait(_IDLE_SECONDS if is_idle else _EVERY_SECONDS)

    def _follow_all(self) -> bool:
        try:
            active = self._runs.active()
        except Exception:  # the records may be out of reach for a while; the runs go on
            _log.exception("The records cannot be read")
            return True
        for run in active:
            try:
                self._follow(run, self.directory_of(run.id))
            except Exception:  # one run must not stop the others from being followed
                _log.exception("Run %s cannot be followed", run.id)
        return not active

    def directory_of(self, run_id: str) -> RunDirectory:
        return RunDirectory(self._settings.runs_directory / run_id)

    def _follow(self, run: Run, directory: RunDirectory) -> None:
        if run.status == RunStatus.WAITING:
            return
        if run.status == RunStatus.QUEUED:
            try:
                run = self._runs.change(run.id, {"started_at": now()}, to=RunStatus.RUNNING)
            except Conflict:
                return  # it was cancelled this very moment
            self._launch(run, directory)
            return
        self._take_events(run, directory)
        # The order matters: a supervisor that is gone may have left its end mark just before.
        is_gone = not self._is_supervised(run, directory)
        result = directory.read_result()
        if result is not None:
            self._finish(run, directory, result)
        elif is_gone:
            self._gone(run, directory)
        elif run.cancel_requested_at is not None:
            self._cancel(run, directory)

    def _launch(self, run: Run, directory: RunDirectory) -> None:
        self._launches[run.id] = self._launches.get(run.id, 0) + 1
        try:
            self._children[run.id] = launch.launch(directory)
        except OSError as error:
            self._end(run, directory, RunStatus.FAILED, f"The run could not be started: {error}")

    def _is_supervised(self, run: Run, directory: RunDirectory) -> bool:
        """By pid and start time; before the supervisor has written them, by what was started."""
        child = self._children.get(run.id)
        if child is not None:
            child.poll()
        known = directory.read_pid()
        if known is not None:
            if run.pid is None:
                self._runs.change(run.id, {"pid": known[0], "pid_start_time": known[1]})
            return process_tree.is_alive(*known)
        if child is not None:
            return child.returncode is None
        return bool(process_tree.carrying(launch.RUN_ID, run.id))

    def _gone(self, run: Run, directory: RunDirectory) -> None:
        if directory.read_pid() is None:
            # It never began: nothing was done, so it may be started (again).
            if run.cancel_requested_at is not None:
                self._end(run, directory, RunStatus.CANCELLED, None)
            elif self._launches.get(run.id, 0) < _MOST_LAUNCHES:
                self._launch(run, directory)
            else:
                said = directory.child_log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
                self._end(run, directory, RunStatus.FAILED, f"The supervisor does not start: {said}")
            return
        launch.end_leftovers(run.id)
        self._end(
            run,
            directory,
            RunStatus.LOST,
            "Its supervisor is gone without an end mark. See what it left on the hosts, then acknowledge the run.",
        )

    def _cancel(self, run: Run, directory: RunDirectory) -> None:
        directory.cancel.touch(mode=0o600)
        asked_at = run.cancel_requested_at or now()
        known = directory.read_pid()
        if known is None or (now() - asked_at).total_seconds() < _CANCEL_PATIENCE_SECONDS:
            return
        # The supervisor does not answer: end it with everything that is left of the run.
        supervisor = process_tree.look_at(known[0])
        below = process_tree.descendants(known[0])
        process_tree.end([supervisor, *below] if supervisor else below)
        launch.end_leftovers(run.id)
        self._end(run, directory, RunStatus.CANCELLED, "Its supervisor did not answer and was ended.")

    def _take_events(self, run: Run, directory: RunDirectory) -> bool:
        """Read what is new in the run's log, whole lines only; True when there may be more."""
        try:
            with directory.events.open("rb") as log:
                log.seek(run.events_offset)
                data = log.read(_MOST_BYTES)
        except FileNotFoundError:
            return False
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            return False
        offset = run.events_offset + len(whole)
        self._events.add(run.id, [json.loads(line) for line in whole.splitlines()], offset=offset)
        run.events_offset = offset
        return True

    def _finish(self, run: Run, directory: RunDirectory, result: dict[str, Any]) -> None:
        while self._take_events(run, directory):
            pass
        ended_at = datetime.fromtimestamp(result["ended_at"], tz=UTC)
        plan = PLANS.get(run.plan)
        outcome = outcome_of(
            result,
            check=run.check_mode,
            observes_only=plan is not None and plan.observes_only,
            is_past_deadline=run.deadline_at is not None and ended_at > run.deadline_at,
            last_failure=self._events.last_failure(run.id) or directory.last_error(),
        )
        self._end(
            run,
            directory,
            outcome.status,
            outcome.error,
            verdict=outcome.verdict,
            ended_at=ended_at,
            rc=result["rc"],
            report=result.get("report"),
            rto_seconds=outcome.rto_seconds,
            rpo_seconds=outcome.rpo_seconds,
        )

    def _end(self, run: Run, directory: RunDirectory, status: RunStatus, error: str | None, **fields: Any) -> None:
        ended_at = fields.setdefault("ended_at", now())
        fields.setdefault("verdict", Verdict.NOT_RUN if run.check_mode else Verdict.NOT_VERIFIED)
        while self._take_events(run, directory):
            pass
        directory.purge()
        self._events.close_steps(run.id, ended_at)
        self._runs.change(run.id, {**fields, "error": error}, to=status)
        self._launches.pop(run.id, None)
        child = self._children.pop(run.id, None)
        if child is not None:
            child.wait()
        _log.info("Run %s (%s) ended: %s", run.id, run.plan, status)
