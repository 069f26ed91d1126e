"""A lab for the tests of the lab itself, made once and destroyed at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.lab.lab_command import LabCommand


@pytest.fixture(scope="session")
def lab() -> Iterator[LabCommand]:
    made = LabCommand("labtest")
    made.do("destroy")
    made.do("up", timeout=600)
    yield made
    made.do("destroy")


@pytest.fixture(autouse=True)
def whole_lab(lab: LabCommand) -> None:
    """Each test finds every host on and no cut."""
    found = lab.status()
    if found["cuts"]:
        lab.do("heal")
    if any(host["power"] == "off" and not host["spare"] for host in found["hosts"].values()):
        lab.do("up")
