# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Looking through a restored cluster with PostgreSQL's own tools, without a trace in what goes live."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import run_tool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._directory_hold import held
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_instance import Instance
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._postgresql_recovery import (
    check_pages,
    check_structure,
    open_for_writes,
    question,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine.base import Look
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import ToolError

DATABASES = "SELECT datname FROM pg_database WHERE datallowconn;"
IS_INSTALLED = "SELECT count(*) FROM pg_extension WHERE extname = 'amcheck';"


def look_into_copy(instance: Instance, look: Look, database: str) -> dict[str, Any]:
    """A copy that is to accept writes anyway: it is opened, and keeps nothing of what was installed.

    Its pages can only be read while it is stopped, and it stays so: not everybody wants it to run again.
    """
    open_for_writes(instance)
    answers = question(instance, look.checks, database)
    if not look.goes_on(answers):
        return {"checks": answers}
    lacking = [name for name in databases(instance) if instance.ask(IS_INSTALLED, database=name) == [["0"]]]
    structure = check_structure(instance)
    for name in lacking:
        instance.ask("DROP EXTENSION IF EXISTS amcheck;", database=name)
    instance.stop()
    pages = check_pages(instance)
    return {"checks": answers, "structure": structure, "pages": pages}


def look_into_clone(instance: Instance, begin: Callable[[Instance], None], look: Look, database: str) -> dict[str, Any]:
    """A copy that goes live, bit by bit as it is: its pages are read where they lie, the rest is done in a clone of it.

    The tools need functions in every database, and a server that holds at its target lets nobody make them. Nor does
    it answer where the transaction at which it holds has locked a table, such as one that is about to be dropped.
    """
    instance.stop()
    with clone_of(instance) as trial:
        begin(trial)
        open_for_writes(trial)
        answers = question(trial, look.checks, database)
        if not look.goes_on(answers):
            return {"checks": answers}
        structure = check_structure(trial)
    pages = check_pages(instance)
    return {"checks": answers, "structure": structure, "pages": pages}


def databases(instance: Instance) -> list[str]:
    return [row[0] for row in instance.ask(DATABASES) or []]


@contextmanager
def clone_of(instance: Instance) -> Iterator[Instance]:
    """A clone of a stopped copy beside it, which shares its blocks where the file system can; nothing of it stays."""
    trial = replace(instance, directory=beside(instance.directory))
    links = {link.name: Path(os.readlink(link)) for link in (instance.directory / "pg_tblspc").iterdir()}
    folders = {beside(target.parent) for target in links.values()}
    remove(trial.directory, *folders)
    try:
        clone(instance, instance.directory, trial.directory)
        with held(trial.directory, f"look through a clone of {instance.directory}"):
            for name, target in links.items():
                place = beside(target.parent) / target.name
                place.parent.mkdir(mode=0o700, exist_ok=True)
                clone(instance, target, place)
                (trial.directory / "pg_tblspc" / name).unlink()
                (trial.directory / "pg_tblspc" / name).symlink_to(place)
            try:
                yield trial
            finally:
                trial.stop()
    finally:
        remove(trial.directory, *folders)


def beside(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.trial")


def clone(instance: Instance, source: Path, place: Path) -> None:
    what = f"clone {source} to look through it"
    finished = run_tool(["cp", "-a", "--reflink=auto", str(source), str(place)], deadline=instance.deadline)
    if finished.rc != 0:
        raise ToolError(what, cause=finished.last_lines, next_action="See whether the disk is full, or prove less")


def remove(*directories: Path) -> None:
    for each in directories:
        if each.exists():
            shutil.rmtree(each)
