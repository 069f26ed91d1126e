# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The description of the API is complete, and its page is the one in docs/."""

from __future__ import annotations

from pathlib import Path

from gogidix_recovery_runner.openapi import as_markdown, description
from gogidix_recovery_runner.settings import TABLE

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def test_the_page_in_the_documentation_is_the_api_as_it_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_markdown(description()) + "\n"


def test_every_route_below_api_wants_a_token_and_says_what_it_does() -> None:
    for path, operations in description()["paths"].items():
        for operation in operations.values():
            assert operation["description"]
            assert bool(operation.get("security")) == path.startswith("/api/"), path


def test_every_setting_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{variable.environment}`" in page for variable in TABLE.values())
