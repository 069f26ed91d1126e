# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Making a report: from the options of the module, or from Python, to the files and the summary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.folding import fold
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.reading import read_lines
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.build import build_report, build_series
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.client import Request, read_requests
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.kept_files import (
    KeptFiles,
    json_text,
    load_json_files,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.packing import pack, unpack
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.page import (
    render_page,
    render_series_page,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.terminal import (
    render_series_text,
    render_text,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._report.verdict import Report

_NOT_IN_SUMMARY = ("steps", "failures", "reconciliation", "checks", "journal")


@dataclass(frozen=True)
class Sources:
    """What a report of one run is made from."""

    journal: str
    probe_record: str = ""
    reconciliation: dict[str, Any] | None = None


def report_of_run(sources: Sources) -> Report:
    """The report of one run from the texts of its journal and of the probe's record."""
    try:
        run = fold(*read_lines(sources.journal))
    except ValueError as error:
        raise InputError(
            "read the journal",
            cause=str(error),
            next_action="Name the journal that the callback recovery_journal wrote",
        ) from error
    requests: list[Request] = read_requests(sources.probe_record)
    return build_report(run, requests, sources.reconciliation)


def summary_of(report: Report) -> Report:
    """What fits into a variable, a workflow's statistics and a notice."""
    summary = {key: value for key, value in report.items() if key not in _NOT_IN_SUMMARY}
    summary["client"] = {key: value for key, value in report["client"].items() if key != "series"}
    return summary


def files_of_run(report: Report, journal: str, directory: Path, name: str) -> KeptFiles:
    """The page, the data and the summary of one run, and all of it as one bundle for other hosts."""
    texts = {f"{name}.json": json_text(report), f"{name}.html": render_page(report)}
    bundle = {f"{report['run_id']}.jsonl": pack(journal), **{file: pack(text) for file, text in texts.items()}}
    returned = {
        "report": summary_of(report),
        "text": render_text(report, str(directory / f"{name}.html")).splitlines(),
        "bundle": bundle,
    }
    return KeptFiles(directory, texts, {**returned, **_paths(directory, name)})


def files_of_series(paths: list[str], title: str, directory: Path, name: str) -> KeptFiles:
    """The same for several runs, from their reports."""
    series = build_series(load_json_files(paths), title)
    texts = {f"{name}.json": json_text(series), f"{name}.html": render_series_page(series)}
    summary = {"title": title, "verdict": series["verdict"], "runs": [summary_of(run) for run in series["runs"]]}
    text = render_series_text(series, str(directory / f"{name}.html")).splitlines()
    bundle = {file: pack(text) for file, text in texts.items()}
    return KeptFiles(directory, texts, {"report": summary, "text": text, "bundle": bundle, **_paths(directory, name)})


def files_of_options(options: dict[str, Any]) -> KeptFiles:
    """What the module was asked for."""
    directory = Path(options["directory"])
    if options["runs"]:
        return files_of_series(options["runs"], options["title"], directory, options["name"] or "report")
    if not options["journal"]:
        raise InputError(
            "make a report",
            cause="neither journal nor runs is given, and RECOVERY_JOURNAL is not set",
            next_action="Enable the callback gogidix.disaster_recovery.recovery_journal, or give journal",
        )
    journal = _read(options["journal"])
    record = _read(options["probe_record"]) if options["probe_record"] else ""
    if options["probe_lines"]:
        record = _unpacked(options["probe_lines"])
    report = report_of_run(Sources(journal, record, options["reconciliation"]))
    return files_of_run(report, journal, directory, options["name"] or report["run_id"])


def _paths(directory: Path, name: str) -> dict[str, str]:
    return {"json_path": str(directory / f"{name}.json"), "html_path": str(directory / f"{name}.html")}


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PreconditionError(f"read {path}", cause=str(error), next_action="Name a file that can be read") from error


def _unpacked(packed: str) -> str:
    try:
        return unpack(packed)
    except ValueError as error:
        raise InputError(
            "read probe_lines", cause=str(error), next_action="Give what the module probe_info returned as record"
        ) from error
