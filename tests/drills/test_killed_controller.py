"""The controller is killed in the middle of each step; the same plan, run again, goes on from what it finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.drills.conftest import bring_home
from tests.drills.drill_lab import DATABASES, DrillLab
from tests.drills.writers import Writers, watched

pytestmark = pytest.mark.lab

SITES = tuple(DATABASES)


@pytest.fixture(scope="module")
def writers(protected_lab: DrillLab) -> Iterator[Writers]:
    with watched(protected_lab) as seen:
        yield seen


@pytest.fixture(scope="module")
def load_all_the_time(protected_lab: DrillLab) -> Iterator[None]:
    bring_home(protected_lab)
    protected_lab.do("run", "wit-probe1", "service", "recovery-probe", "start")
    yield
    protected_lab.do("run", "wit-probe1", "service", "recovery-probe", "stop")


@pytest.mark.usefixtures("load_all_the_time")
@pytest.mark.parametrize("step", ["lease", "readiness", "application", "traffic", "database"])
def test_a_move_whose_controller_was_killed_is_finished_by_the_next_run(
    protected_lab: DrillLab, writers: Writers, step: str
) -> None:
    """Each goes the other way than the one before it, so that none has to be taken back."""
    lab = protected_lab
    source, target = SITES if lab.world().names_point_at == SITES[0] else SITES[::-1]
    killed = lab.begin_move(source, target).kill_at(step)
    assert killed.code == -9, killed.story
    assert killed.begun()[-1] == step

    again = lab.move(source, target)
    assert again.code == 0, again.story
    assert again.report["rpo"]["acknowledged_lost"] == 0
    there = lab.world()
    assert there.roles[SITES.index(target)] == "primary"
    assert there.roles[SITES.index(source)] == "standby"
    assert (there.names_point_at, there.leases) == (target, ())
    assert writers.most_at_once() == 1
    assert lab.shop_for(1)["failed_requests"] == 0


def test_an_emergency_whose_controller_was_killed_while_fencing_is_finished_by_the_next_run(lab: DrillLab) -> None:
    lab.do("power-off", "frankfurt")
    killed = lab.begin_move("frankfurt", "dublin", "emergency").kill_at("fence")
    assert killed.code == -9, killed.story
    assert lab.world().roles[1] == "standby"

    again = lab.move("frankfurt", "dublin", "emergency")
    assert again.code == 0, again.story
    there = lab.world()
    assert (there.roles[1], there.names_point_at, there.leases) == ("primary", "dublin", ())


def test_a_move_whose_controller_was_killed_can_be_undone_instead(lab: DrillLab) -> None:
    before = lab.world()
    killed = lab.begin_move("frankfurt", "dublin").kill_at("traffic")
    assert killed.code == -9, killed.story

    undone = lab.plan("undo")
    assert undone.code == 0, undone.story
    assert lab.world() == before
    assert before.leases == ()
