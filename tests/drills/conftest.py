"""A lab for the drills, provisioned and protected once; each drill finds it as it was then."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.drills.drill_lab import DATABASES, INVENTORY, SNAPSHOT, DrillLab
from tests.integration.lab.lab_command import REPOSITORY


@pytest.fixture(scope="session")
def protected_lab() -> Iterator[DrillLab]:
    """The lab that RECOVERY_LAB names, put back to its snapshot if it has one, or one made here and destroyed after."""
    given = os.environ.get("RECOVERY_LAB")
    lab = DrillLab(given or "drills")
    try:
        if not (given and lab.call("rollback", SNAPSHOT, timeout=300).returncode == 0):
            make(lab)
        yield lab
    finally:
        if not given:
            lab.do("destroy")


def make(lab: DrillLab) -> None:
    lab.do("destroy")
    lab.do("up", timeout=600)
    playbook = [str(REPOSITORY / ".venv/bin/ansible-playbook"), "-i", str(REPOSITORY / INVENTORY)]
    lab.do("exec", *playbook, str(REPOSITORY / "molecule/provision/site.yml"), timeout=600)
    protected = lab.plan("protect")
    assert protected.code == 0, protected.text
    lab.do("snapshot", SNAPSHOT, timeout=300)


def boot_guards(lab: DrillLab) -> list[str]:
    """Why each site's database was started, or not."""
    state = "/var/lib/recovery/boot_guard.json"
    return [lab.call("run", host, "cat", state).stdout for host in DATABASES.values()]


# Of each name server the version that it has of the public names; a secondary that has just started has none yet.
VERSIONS = (
    "for server in 10.30.1.12 10.10.1.31 10.20.1.31; do "
    "dig +short +time=1 +tries=1 @$server storefront.example SOA | awk '{print $3}'; done"
)


def names_are_served(lab: DrillLab) -> bool:
    """Whether all of them have the same."""
    versions = lab.do("run", "wit-dns1", "sh", "-c", VERSIONS).split()
    return len(versions) == 3 and len(set(versions)) == 1


REPLAYED = "SELECT pg_last_xact_replay_timestamp() IS NOT NULL"


@pytest.fixture
def lab(protected_lab: DrillLab) -> DrillLab:
    """The lab as it was when it had just been protected: frankfurt serves, dublin follows, nobody holds the group."""
    bring_home(protected_lab)
    return protected_lab


def bring_home(lab: DrillLab) -> None:
    """Put the lab back to its snapshot if a test has left it otherwise, and wait until the standby streams."""
    found = lab.status()
    is_whole = not found["cuts"] and all(host["power"] == "on" for host in found["hosts"].values() if not host["spare"])
    if not is_whole or not lab.world().is_home:
        lab.do("heal")
        lab.do("rollback", SNAPSHOT, timeout=300)
    lab.wait_for("the stack", lambda: lab.world().is_home, 60, seen=lambda: (lab.world(), boot_guards(lab)))
    lab.wait_for("every name server", lambda: names_are_served(lab), 60)
    # One that replayed no commit since it started cannot say how old its data is, and is rightly not promoted.
    lab.sql("fra-db1", "SELECT txid_current()")
    lab.wait_for("a commit at the standby", lambda: lab.sql("dub-db1", REPLAYED) == "t", 20)


@pytest.fixture
def load(lab: DrillLab) -> Iterator[None]:
    """Clients shop all the time through the public name."""
    lab.do("run", "wit-probe1", "service", "recovery-probe", "start")
    lab.wait_for("the first orders", lambda: _orders(lab) >= 10, 20)
    yield
    lab.do("run", "wit-probe1", "service", "recovery-probe", "stop")


def _orders(lab: DrillLab) -> int:
    return lab.call("run", "wit-probe1", "cat", "/var/lib/recovery-probe/record.jsonl").stdout.count('"order"')
