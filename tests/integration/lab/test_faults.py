"""Faults: what is cut is silent, what is broken is broken, and all of it heals."""

from __future__ import annotations

from tests.integration.lab.lab_command import LabCommand

FRANKFURT, DUBLIN, WITNESS = "10.10.1.11", "10.20.1.11", "10.30.1.13"


def test_a_partition_drops_silently_and_heals(lab: LabCommand) -> None:
    lab.do("partition", "frankfurt", "dublin")
    assert lab.knock("fra-db1", DUBLIN) == "silence"
    assert lab.knock("dub-db1", FRANKFURT) == "silence"
    assert lab.knock("fra-db1", WITNESS) == "answered"
    assert lab.knock("fra-app1", FRANKFURT) == "answered"
    assert lab.status()["cuts"] == [["partition", "dublin", "frankfurt"]]
    lab.do("heal", "frankfurt", "dublin")
    assert lab.knock("fra-db1", DUBLIN) == "answered"


def test_a_partition_between_two_hosts_of_one_place_leaves_the_others_alone(lab: LabCommand) -> None:
    lab.do("partition", "fra-db1", "fra-app1")
    assert lab.knock("fra-app1", FRANKFURT) == "silence"
    assert lab.knock("fra-proxy1", FRANKFURT) == "answered"


def test_an_isolated_host_hears_nobody_and_is_heard_by_nobody(lab: LabCommand) -> None:
    lab.do("isolate", "fra-db1")
    assert lab.knock("fra-app1", FRANKFURT) != "answered"
    assert lab.knock("dub-db1", FRANKFURT) == "silence"
    assert lab.knock("controller", FRANKFURT) == "silence"
    assert lab.knock("fra-db1", WITNESS) != "answered"
    lab.do("heal")
    assert lab.knock("controller", FRANKFURT) == "answered"


def test_an_isolated_site_goes_on_inside(lab: LabCommand) -> None:
    lab.do("isolate", "frankfurt")
    assert lab.knock("controller", FRANKFURT) == "silence"
    assert lab.knock("fra-db1", WITNESS) == "silence"
    assert lab.knock("fra-app1", FRANKFURT) == "answered"
    assert lab.knock("controller", DUBLIN) == "answered"


def test_a_full_disk_refuses_writes_until_it_is_released(lab: LabCommand) -> None:
    lab.do("fill", "wit-store1", "/var/lib/pgbackrest", "--leave", "2000000")
    write = ["run", "wit-store1", "dd", "if=/dev/urandom", "of=/srv/data", "bs=1M", "conv=fsync"]
    assert lab.call(*write, "count=1").returncode == 0
    assert "No space left on device" in lab.call(*write, "count=5").stderr
    lab.do("fill", "wit-store1", "/var/lib/pgbackrest", "--release")
    assert lab.call(*write, "count=5").returncode == 0


def test_corruption_changes_bytes_and_nothing_else(lab: LabCommand) -> None:
    lab.do("run", "wit-store1", "sh", "-c", "seq 100000 > /srv/good; cp -p /srv/good /srv/bad")
    look = ["run", "wit-store1", "stat", "-c", "%s %y"]
    before = lab.do(*look, "/srv/bad")
    lab.do("corrupt", "wit-store1", "/srv/bad", "--bytes", "3", "--seed", "7")
    assert lab.do(*look, "/srv/bad") == before
    assert len(lab.call("run", "wit-store1", "cmp", "-l", "/srv/good", "/srv/bad").stdout.splitlines()) == 3


def test_a_frozen_host_answers_nothing_until_it_is_thawed(lab: LabCommand) -> None:
    greeting = ["exec", "timeout", "2", "python3", "-c",
                "import socket; print(socket.create_connection(('10.10.1.11', 22), 1).recv(4).decode())"]  # fmt: skip
    assert lab.do(*greeting).strip() == "SSH-"
    lab.do("freeze", "fra-db1")
    assert lab.status()["hosts"]["fra-db1"]["frozen"]
    assert "TimeoutError" in lab.call(*greeting).stderr
    lab.do("thaw", "fra-db1")
    assert lab.do(*greeting).strip() == "SSH-"


def test_a_frozen_host_can_be_switched_off(lab: LabCommand) -> None:
    lab.do("freeze", "fra-db1")
    lab.do("power-off", "fra-db1")
    lab.do("power-on", "fra-db1")
    assert lab.ssh("fra-db1", "hostname").strip() == "fra-db1"
