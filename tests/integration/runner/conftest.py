# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.integration.runner.example_plans import write_project
from tests.integration.runner.running_service import RunningService


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def make_service(tmp_path: Path, project: Path) -> Iterator[Callable[..., RunningService]]:
    made: list[RunningService] = []

    def make(**settings: str) -> RunningService:
        service = RunningService(tmp_path / f"data{len(made)}", project, settings)
        made.append(service)
        service.start()
        return service

    yield make
    for service in made:
        service.stop()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[RunningService]:
    """One service for the tests that leave it as they found it."""
    running = RunningService(tmp_path_factory.mktemp("runner") / "data", project, {})
    try:
        running.start()
        yield running
    finally:
        running.stop()
