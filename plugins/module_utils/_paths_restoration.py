# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Restoring paths in place: staged beside, proven, compared, and only what differs changes places."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._copy_proof import (
    notes_of,
    prove_copy,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._durable import write_durably
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_difference import (
    Difference,
    difference,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import (
    Engine,
    Finding,
    Reached,
    RestorePlan,
    Selection,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    InputError,
    PreconditionError,
    RecoveryError,
    TimelineError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now, written
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._live_path import LivePath
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._paths_reversion import marker_of
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._paths_staging import Staging, staging
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._pinned_directory import PinnedDirectory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._restore_request import RestoreRequest, told
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._space import needed_bytes, require_space
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._trust import TrustLedger

SHOWN = 1000


class PathsRestoration:
    """A Subject: the paths of this host that a backup holds."""

    def __init__(self, engine: Engine, ledger: TrustLedger, request: RestoreRequest) -> None:
        self.engine = engine
        self.ledger = ledger
        self.request = request
        self.run_id = request.run_id or now().strftime("%Y%m%dT%H%M%S%f")
        self.restore_plan: RestorePlan | None = None
        self.live: list[LivePath] = []
        self.above: dict[Path, PinnedDirectory] = {}
        self.preflight: list[Finding] = []
        self.reached: Reached | None = None
        self.proof: dict[str, Any] | None = None
        self.swapped: list[dict[str, Any]] = []
        self.difference = Difference()
        self.is_done = False
        if not request.confirm:
            raise InputError(
                f"restore in place the paths of stanza {engine.stanza}",
                cause="confirm is missing",
                next_action="Set confirm to the host that the files are of",
            )

    @property
    def marker(self) -> Path:
        """That a run was done; its paths may have changed again since, and that is somebody's business."""
        return marker_of(self.engine, self.ledger, self.run_id)

    @property
    def identity(self) -> dict[str, Any]:
        return {
            "target": self.request.target.as_result(),
            "backup": self.request.backup,
            "select": self.request.selection.as_result(),
            "confirm": self.request.confirm,
        }

    def describe(self) -> Description:
        done = self._read_marker()
        if done is not None and not self.is_done:
            self.reached = Reached(**done["reached"])
            self.proof = done.get("proof")
            self.swapped = list(done["paths"])
            self.difference = Difference(**done["changes"])
        elif not self.is_done:
            self._look_at_repository()
        is_restored = self.is_done or done is not None
        return {
            "stanza": self.engine.stanza,
            "state": "restored" if is_restored else "live",
            "target": str(self.request.target) if is_restored else None,
        }

    def _read_marker(self) -> dict[str, Any] | None:
        if self.request.run_id is None:
            return None
        try:
            content = json.loads(self.marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) and content.get("identity") == self.identity else None

    def _look_at_repository(self) -> None:
        request = self.request
        plan = self.engine.plan_restore(
            self.ledger.judge(self.engine.read_records().records),
            request.target,
            backup=request.backup,
            timeline=request.timeline,
            selection=request.selection,
        )
        self.restore_plan = plan
        self.live = [LivePath(Path(path), self.run_id) for path in self.engine.live_paths(plan)]
        self.preflight = list(plan.preflight)
        if not self.live:
            raise InputError(
                "read the option select",
                cause="what is selected are documents about the host, which have no place in it",
                next_action="Restore them beside",
            )

    def plan(self, before: Description) -> Description:
        if before["state"] == "restored":
            return before
        self._require_identity()
        for each in self.live:
            each.require_usable()
            if self.engine.is_running(each.path):
                raise PreconditionError(
                    f"restore {each.path}",
                    cause="a process has something there open for writing",
                    next_action="Stop it first, or restore beside",
                )
        self._require_space()
        return {**before, "state": "restored", "target": str(self.request.target)}

    def _require_identity(self) -> None:
        backup = self._known_plan.record.system_identifier
        if backup != self.request.confirm:
            raise TimelineError(
                f"restore in place the paths of stanza {self.engine.stanza}",
                cause=f"confirmed is host {self.request.confirm}, the backup is of {backup}",
                next_action="Compare the inventory's host, the stanza and the repository",
            )
        self.preflight.append(Finding("identity", True, backup, str(self.request.confirm)))

    def _require_space(self) -> None:
        """Each disk must hold all of it: which path takes how much is known only to the manifest."""
        needed = self._known_plan.needed_bytes
        for group in self._groups():
            directory = group[0].parent_there
            free = require_space(directory, needed, f"restore into {directory}")
            self.preflight.append(Finding("space", True, f"{free} bytes free", f"{needed_bytes(needed)} bytes"))

    @property
    def _known_plan(self) -> RestorePlan:
        if self.restore_plan is None:
            raise AssertionError("describe() comes first")
        return self.restore_plan

    def _groups(self) -> list[list[LivePath]]:
        """Paths of one disk are staged together, for a rename does not leave its disk."""

        def disk(each: LivePath) -> int:
            return os.stat(each.parent_there).st_dev

        return [list(group) for _disk, group in groupby(sorted(self.live, key=disk), key=disk)]

    def apply(self, before: Description, after: Description) -> None:
        plan = self._known_plan
        done: list[LivePath] = []
        with ExitStack() as held:
            try:
                # From here on nothing is looked for by its name, which whoever owns a directory above may change.
                self.above = {each.path: held.enter_context(each.above()) for each in self.live}
                for group in self._groups():
                    with staging(self.above[group[0].path], self.run_id) as staged:
                        self._stage(plan, group, staged)
                        self._put_in_place(group, staged.tree, done)
            except (RecoveryError, OSError) as error:
                raise self._put_back(done, error) from error
        self.is_done = True
        self._write_marker()

    def _stage(self, plan: RestorePlan, group: list[LivePath], staged: Staging) -> None:
        self.engine.lay_down(self._part_for(group), staged.tree.place)
        self.reached = self.engine.prove(plan, staged.tree.place, port=None)
        self._prove_more(staged)

    def _part_for(self, group: list[LivePath]) -> RestorePlan:
        """What is staged on a disk: on the first one all of it, when there are questions, which are about all of it."""
        if self.proof is None and self.request.asks_checks:
            return self._known_plan
        return replace(self._known_plan, selection=Selection(paths=[str(each.path) for each in group]))

    def _prove_more(self, staged: Staging) -> None:
        """Once, before anything is put in place; a tree that gave a wrong answer is kept for whoever looks into it."""
        if self.proof is not None:
            return
        try:
            proof = prove_copy(self.engine, self._known_plan, staged.tree.place, self.request, may_write=False)
        except RecoveryError as error:
            error.evidence["quarantine"] = [str(staged.set_apart())]
            raise
        self.proof = proof.as_result()

    def _put_in_place(self, group: list[LivePath], tree: PinnedDirectory, done: list[LivePath]) -> None:
        for each in group:
            found = difference(str(each.path), tree.place)
            self.difference += found
            if found.is_none:
                self.swapped.append({"path": str(each.path), "state": "unchanged", "kept": None})
                continue
            had_something = each.put_in_place(tree, self.above[each.path])
            done.append(each)
            kept = str(each.kept) if had_something else None
            self.swapped.append({"path": str(each.path), "state": "replaced" if kept else "created", "kept": kept})

    def _put_back(self, done: list[LivePath], error: RecoveryError | OSError) -> RecoveryError:
        """All or nothing: what was put in place already goes back."""
        for each in reversed(done):
            each.put_back(self.above[each.path])
        if isinstance(error, RecoveryError):
            failure = error
        else:
            failure = ToolError(
                f"restore the paths of stanza {self.engine.stanza}",
                cause=str(error),
                next_action="Look at the paths and their siblings by hand",
            )
        failure.data_state = "old_live"
        failure.evidence.setdefault("quarantine", []).extend(str(each.quarantine) for each in done)
        return failure

    def _write_marker(self) -> None:
        if self.request.run_id is None or self.reached is None:
            return
        self.ledger.require_writable()
        content = {
            "identity": self.identity,
            "restored_at": written(now()),
            "reached": self.reached.as_result(),
            "proof": self.proof,
            "paths": self.swapped,
            "changes": asdict(self.difference),
        }
        write_durably(self.marker, json.dumps(content, indent=1, sort_keys=True) + "\n")

    def evidence(self, before: Description, after: Description) -> dict[str, Any]:
        return {
            "before": before,
            **told(self, *notes_of(self.proof)),
            "proof": self.proof,
            "paths": self.swapped,
        }

    def results(self, after: Description) -> dict[str, Any]:
        record = None if self.restore_plan is None else self.restore_plan.record
        kept = [each["kept"] for each in self.swapped if each["kept"]]
        return {
            "directory": str(self.engine.live_directory),
            "socket_directory": None,
            "port": None,
            "target": self.request.target.as_result(),
            "backup": None if record is None else record.as_result(now()),
            "reached": None if self.reached is None else self.reached.as_result(),
            "kept": kept[0] if len(kept) == 1 else None,
            "proof": self.proof,
            "preflight": [each.as_result() for each in self.preflight],
            "paths": self.swapped,
            "changes": {name: paths[:SHOWN] for name, paths in asdict(self.difference).items()},
            "notes": list(dict.fromkeys([*self.engine.restore_notes, *notes_of(self.proof)])),
        }
