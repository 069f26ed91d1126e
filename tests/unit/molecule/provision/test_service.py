# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The init scripts of the lab's own services, run by a shell with a stand-in for start-stop-daemon."""

from __future__ import annotations

import subprocess
from pathlib import Path

import jinja2
import pytest

TEMPLATE = Path(__file__).parents[4] / "molecule" / "provision" / "templates" / "any" / "service.j2"


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """What a daemon would have been started with, once it was."""
    return tmp_path / "started"


@pytest.fixture
def script(tmp_path: Path, started: Path) -> Path:
    service = {
        "name": "shop",
        "what": "a shop",
        "user": "shop",
        "program": "/usr/bin/shop",
        "arguments": "shop.ini",
        "needs": [str(tmp_path / "shop.ini")],
    }
    text = jinja2.Template(TEMPLATE.read_text(encoding="utf-8")).render(service=service)
    file = tmp_path / "shop"
    file.write_text(text.replace("start-stop-daemon", f"echo >{started}"), encoding="utf-8")
    return file


def run(script: Path, verb: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", str(script), verb], capture_output=True, text=True, check=False)


def test_a_service_without_its_configuration_does_not_claim_to_have_started(script: Path, started: Path) -> None:
    ended = run(script, "start")
    assert ended.returncode == 6
    assert ended.stderr == f"shop is not configured: {script.parent}/shop.ini is missing\n"
    assert not started.exists()


def test_a_service_with_its_configuration_is_started(script: Path, started: Path) -> None:
    (script.parent / "shop.ini").write_text("[shop]\n", encoding="utf-8")
    assert run(script, "start").returncode == 0
    assert "--startas /usr/bin/shop -- shop.ini" in started.read_text(encoding="utf-8")
