"""The provisioned two-site stack: the lab that RECOVERY_LAB names, or one made for these tests and destroyed after."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.integration.lab.lab_command import REPOSITORY, LabCommand


@pytest.fixture(scope="session")
def lab() -> Iterator[LabCommand]:
    given = os.environ.get("RECOVERY_LAB")
    made = LabCommand(given or "storetest")
    if not given:
        made.do("destroy")
        made.do("up", timeout=600)
        playbook = [str(REPOSITORY / ".venv/bin/ansible-playbook"), "-i", str(REPOSITORY / "inventories/two_sites")]
        made.do("exec", *playbook, str(REPOSITORY / "molecule/provision/site.yml"), timeout=300)
    yield made
    if not given:
        made.do("destroy")
