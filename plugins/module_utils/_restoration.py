# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Restoring: beside, proven, and only then put in place; the live path never holds anything unproven."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._copy_proof import (
    notes_of,
    prove_copy,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._directory_hold import held
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Engine,
    Finding,
    Reached,
    RestorePlan,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    RecoveryError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_place import Place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_refusal import (
    places_of,
    require_free,
    require_identity,
    require_outside_of_live,
    require_possible,
    require_unchanged,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_request import RestoreRequest, told
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._space import needed_bytes, require_space
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger


class Restoration:
    """A Subject: the data in one directory."""

    def __init__(self, engine: Engine, ledger: TrustLedger, request: RestoreRequest, directory: Path) -> None:
        self.engine = engine
        self.ledger = ledger
        self.request = request
        run_id = request.run_id or now().strftime("%Y%m%dT%H%M%S%f")
        self.place = Place(directory, run_id)
        self.restore_plan: RestorePlan | None = None
        self.reached: Reached | None = None
        self.kept: Path | None = None
        self.proof: dict[str, Any] | None = None
        self.content: tuple[int, int] | None = None
        self.extracted: list[dict[str, Any]] = []
        self.is_done = False
        self.preflight: list[Finding] = []
        require_possible(request, directory)

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "stanza": self.engine.stanza,
            "repository": self.engine.repository.name,
            "target": self.request.target.as_result(),
            "backup": self.request.backup,
            "timeline": self.request.timeline,
            "run_id": self.request.run_id,
            "select": self.request.selection.as_result(),
        }

    @property
    def runs_afterwards(self) -> bool:
        """Whether a server is to work on the data: neither files nor a part taken out of a copy have one."""
        has_server = self.engine.default_port is not None and self.request.selection.is_everything
        return self.request.keep_running and has_server

    def describe(self) -> Description:
        marker = self.place.read_marker()
        is_ours = marker is not None and marker.get("identity") == self.identity
        is_wanted = is_ours and (self.is_done or self.request.is_repeatable)
        if marker is not None and is_wanted and not self.is_done:
            self._remember(marker)
        if not is_wanted and self.restore_plan is None:
            self._look_at_repository()
        state = "restored" if is_wanted else "occupied" if self.place.is_occupied else "empty"
        return {
            "directory": str(self.place.directory),
            "state": state,
            "target": str(self.request.target) if is_wanted else None,
            "is_running": self.engine.is_running(self.place.directory),
        }

    def _remember(self, marker: dict[str, Any]) -> None:
        """An earlier run did it: its results are this run's."""
        self.reached = Reached(**marker["reached"])
        self.kept = Path(marker["kept"]) if marker.get("kept") else None
        self.extracted = list(marker.get("extracted", []))
        self.proof = marker.get("proof")
        self.preflight = [Finding(**each) for each in marker.get("preflight", [])]

    def _look_at_repository(self) -> None:
        self.place.require_usable()
        if not self.request.is_in_place:
            require_outside_of_live(self.engine, self.place)
        self.content = self.place.content
        records = self.ledger.judge(self.engine.read_records().records)
        request = self.request
        plan = self.engine.plan_restore(
            records,
            request.target,
            backup=request.backup,
            timeline=request.timeline,
            selection=request.selection,
        )
        self.restore_plan = replace(plan, tablespaces=self.place.tablespaces)
        self.preflight = [*plan.preflight, *places_of(plan, self.place)]

    def plan(self, before: Description) -> Description:
        after = {
            **before,
            "state": "restored",
            "target": str(self.request.target),
            "is_running": self.runs_afterwards,
        }
        if before["state"] == "restored":
            # An instance that somebody stopped or left running since is his business.
            return before
        self._require_identity()
        may_run_yet = self.request.may_run_yet
        require_free(self.place, before, is_in_place=self.request.is_in_place, may_run_yet=may_run_yet)
        self._require_space()
        return after

    @property
    def _known_plan(self) -> RestorePlan:
        if self.restore_plan is None:
            raise AssertionError("describe() comes first")
        return self.restore_plan

    def _require_identity(self) -> None:
        """The identity of the inventory against the backup's, and against what lies in the directory."""
        there = self.engine.identity_at(self.place.directory) if self.request.is_in_place else None
        backup = self._known_plan.record.system_identifier
        self.preflight.append(require_identity(self.place.directory, self.request.confirm or backup, backup, there))

    def _require_space(self) -> None:
        plan, is_cloned = self._known_plan, self.request.is_in_place and self.request.looks_into
        needed = plan.needed_bytes + (self.engine.trial_bytes(plan) if is_cloned else 0)
        or_else = "set prove to target, which makes no second copy" if is_cloned else "choose another directory"
        free = require_space(self.place.directory.parent, needed, f"restore {plan.record.id}", or_else=or_else)
        self.preflight.append(Finding("space", True, f"{free} bytes free", f"{needed_bytes(needed)} bytes"))

    def apply(self, before: Description, after: Description) -> None:
        plan = self._known_plan
        if self.request.may_run_yet:
            require_free(self.place, before, is_in_place=self.request.is_in_place)
        try:
            for directory in self.place.abandoned:
                self.engine.stop(directory)
            self.place.stage()
            with held(self.place.staged, f"restore into {self.place.directory}"):
                if self.request.is_in_place:
                    self._restore_in_place(plan)
                else:
                    self._restore_beside(plan)
        except OSError as error:
            raise ToolError(
                f"restore into {self.place.directory}",
                cause=str(error),
                next_action="Look at the directory and its siblings by hand",
                data_state="unknown",
            ) from error
        if self.reached is None:
            raise AssertionError("describe() comes first")
        self.place.write_marker(
            {
                "identity": self.identity,
                "is_in_place": self.request.is_in_place,
                "restored_at": written(now()),
                "reached": self.reached.as_result(),
                "kept": None if self.kept is None else str(self.kept),
                "extracted": self.extracted,
                "proof": self.proof,
                "preflight": [each.as_result() for each in self.preflight],
            }
        )
        self.is_done = True

    def _restore_in_place(self, plan: RestorePlan) -> None:
        place = self.place
        try:
            self.engine.lay_down(plan, place.staged)
            proven = self.engine.prove(plan, place.staged, port=self.request.port)
            self._prove_more(plan, place.staged)
            self.engine.stop(place.staged)
            self.engine.prepare_in_place(plan, place.staged, place.directory)
            self._put_in_place(keep=True)
        except RecoveryError as error:
            self._set_apart(place.staged, error)
            raise
        self.reached = proven
        if not self.request.keep_running:
            return
        try:
            opened = self.engine.open_in_place(plan, place.directory)
        except RecoveryError as error:
            self._swap_back(error)
            raise
        self.reached = replace(proven, timeline=opened.timeline)

    def _restore_beside(self, plan: RestorePlan) -> None:
        place, request = self.place, self.request
        try:
            self.engine.lay_down(plan, place.staged)
            self._put_in_place(keep=False)
        except RecoveryError as error:
            self._set_apart(place.staged, error)
            raise
        place.mark_unproven()
        try:
            proven = self.engine.prove(plan, place.directory, port=request.port, listen=request.listen)
            self._prove_more(plan, place.directory)
            runs = request.keep_running or not request.selection.is_everything
            self.reached = self.engine.open_beside(place.directory, proven, port=request.port, runs=runs)
            self._extract(request)
            if not request.keep_running:
                self.engine.stop(place.directory)
        except RecoveryError as error:
            self._set_apart(place.directory, error)
            raise

    def _prove_more(self, plan: RestorePlan, copy: Path) -> None:
        may_write = not self.request.is_in_place
        self.proof = prove_copy(self.engine, plan, copy, self.request, may_write=may_write).as_result()

    def _put_in_place(self, *, keep: bool) -> None:
        require_unchanged(self.engine, self.place, self.content)
        self.kept = self.place.put_in_place(keep=keep)

    def _extract(self, request: RestoreRequest) -> None:
        """Databases and tables are taken out of a whole copy, of which nothing else stays."""
        place, selection = self.place, request.selection
        if not (selection.databases or selection.tables):
            return
        found = self.engine.extract(place.directory, selection, place.extracted, port=request.port)
        self.engine.stop(place.directory)
        place.keep_only_extracted()
        self.extracted = [{**each, "file": str(place.directory / Path(each["file"]).name)} for each in found]

    def _set_apart(self, failed: Path, error: RecoveryError) -> None:
        """What failed must not be found where somebody would start it."""
        self.engine.stop(failed)
        quarantine = self.place.set_apart(failed)
        if quarantine is not None:
            error.data_state = "partial_quarantined"
            error.evidence["quarantine"] = str(quarantine)

    def _swap_back(self, error: RecoveryError) -> None:
        self.engine.stop(self.place.directory)
        self.place.put_back()
        error.data_state = "old_live" if self.kept is not None else "partial_quarantined"
        error.evidence["quarantine"] = str(self.place.quarantine)

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {
            "before": before,
            **told(self, *self.place.notes, *notes_of(self.proof)),
            "kept": None if self.kept is None else str(self.kept),
            "proof": self.proof,
            "left_over": self.place.left_over,
        }

    def results(self, after: Description) -> dict[str, Any]:
        record = None if self.restore_plan is None else self.restore_plan.record
        has_socket = not self.request.is_in_place and self.engine.default_port is not None
        return {
            "directory": str(self.place.directory),
            "socket_directory": str(self.place.directory) if has_socket else None,
            "port": self.request.port,
            "target": self.request.target.as_result(),
            "backup": None if record is None else record.as_result(now()),
            "reached": None if self.reached is None else self.reached.as_result(),
            "kept": None if self.kept is None else str(self.kept),
            "extracted": self.extracted,
            "proof": self.proof,
            "preflight": [each.as_result() for each in self.preflight],
            "paths": [],
            "changes": None,
            "notes": [*self.engine.restore_notes, *self.place.notes, *notes_of(self.proof)],
        }
