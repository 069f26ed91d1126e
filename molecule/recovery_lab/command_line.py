"""The verbs of molecule/lab."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from recovery_lab import controller, faults, host, life, loop_device, machine, root_file_system, snapshot, topology
from recovery_lab.errors import LabError, UnsupportedMachineError
from recovery_lab.state import Lab

Verb = Callable[[Lab, topology.Topology, argparse.Namespace], None]


def _up(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    started = life.up(lab, plan, spares=given.spares)
    if not loop_device.available():
        _say(
            "this machine gives no loop devices: disks are plain directories, and fill and --lose-unsynced are refused"
        )
    _say(f"lab {lab.name} is up" + (f"; started {', '.join(started)}" if started else ""))


def _down(lab: Lab, plan: topology.Topology, _given: argparse.Namespace) -> None:
    life.down(lab, plan)
    _say(f"lab {lab.name} is down; its disks stay")


def _destroy(lab: Lab, plan: topology.Topology, _given: argparse.Namespace) -> None:
    life.destroy(lab, plan)
    _say(f"nothing is left of lab {lab.name}")


def _status(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    found = life.status(lab, plan)
    if given.json:
        _say(json.dumps(found, indent=2))
        return
    switch = "on" if found["power_switch"] else "off"
    _say(f"lab {found['name']}: {'up' if found['up'] else 'down'}; power switch {switch}")
    _say(f"{'HOST':<12}{'PLACE':<12}{'ADDRESS':<14}{'POWER':<8}{'DISK MB':>8}")
    for name, entry in found["hosts"].items():
        power = "frozen" if entry["frozen"] else entry["power"]
        megabytes = entry["disk_bytes"] // 1_000_000
        _say(f"{name:<12}{entry['place']:<12}{entry['address']:<14}{power:<8}{megabytes:>8}")
    for cut in found["cuts"]:
        _say(f"cut: {' '.join(cut)}")


def _power_off(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    hosts = [entry for name in given.targets for entry in plan.hosts_named(name)]
    _report("switched off", host.power_off(lab, hosts, lose_unsynced=given.lose_unsynced))


def _power_on(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    _report("switched on", life.power_on(lab, plan, given.targets))


def _partition(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    life.require_running(lab)
    faults.partition(lab, plan, given.one, given.other)


def _isolate(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    life.require_running(lab)
    faults.isolate(lab, plan, given.target)


def _heal(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    life.require_running(lab)
    faults.heal(lab, plan, given.names)


def _fill(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    if given.release:
        faults.release(lab, plan.host(given.host), given.path)
    else:
        _say(f"{faults.fill(lab, plan.host(given.host), given.path, given.leave)} bytes taken")


def _corrupt(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    offsets = faults.corrupt(lab, plan.host(given.host), given.path, given.bytes, given.seed)
    _say(f"changed {len(offsets)} bytes, the first at {offsets[0]}")


def _freeze(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    _say(f"{faults.freeze(lab, plan.host(given.host))} processes frozen")


def _thaw(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    _say(f"{faults.thaw(lab, plan.host(given.host))} processes thawed")


def _exec(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    controller.execute(lab, plan, given.command, given.listen)


def _enter(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    controller.enter(lab, plan, given.host, getattr(given, "command", []))


def _snapshot(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    snapshot.take(lab, plan, given.label)
    _say(f"snapshot {given.label} taken")


def _rollback(lab: Lab, plan: topology.Topology, given: argparse.Namespace) -> None:
    snapshot.roll_back(lab, plan, given.label)
    _say(f"lab {lab.name} is as it was at snapshot {given.label}")


def _rootfs(_lab: Lab, _plan: topology.Topology, _given: argparse.Namespace) -> None:
    machine.check()
    _say(str(root_file_system.ensure_root()))


def _serve_power(lab: Lab, plan: topology.Topology, _given: argparse.Namespace) -> None:
    from recovery_lab import power_switch  # a web server: of no use to the other verbs, and slow to load

    power_switch.serve(lab, plan)


# Verbs that only read, or that become another command: they do not wait for a change of the lab that is under way.
UNLOCKED: tuple[Verb, ...] = (_status, _exec, _enter, _serve_power, _rootfs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="molecule/lab", description="A lab of real hosts on this machine.")
    default = os.environ.get("RECOVERY_LAB") or "demo"
    parser.add_argument("--name", default=default, help="which lab (default: RECOVERY_LAB, or demo)")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, work: Verb, text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text)
        added.set_defaults(work=work)
        return added

    _add_life_verbs(verb)
    _add_fault_verbs(verb)
    _add_command_verbs(verb)
    return parser


def _add_life_verbs(verb: Callable[[str, Verb, str], argparse.ArgumentParser]) -> None:
    verb("up", _up, "start what is down").add_argument("--spares", action="store_true", help="the bare spare hosts too")
    verb("down", _down, "stop services, switch off, take the network away; disks stay")
    verb("destroy", _destroy, "leave nothing of the lab")
    verb("status", _status, "what is on, off and cut").add_argument("--json", action="store_true")
    verb("rootfs", _rootfs, "build the root file system that hosts share, if it is not cached; print its path")
    for name, work, text in (
        ("snapshot", _snapshot, "keep a copy of all disks (stops the hosts in order and starts them again)"),
        ("rollback", _rollback, "put the disks back as they were at a snapshot"),
    ):
        verb(name, work, text).add_argument("label")


def _add_fault_verbs(verb: Callable[[str, Verb, str], argparse.ArgumentParser]) -> None:
    off = verb("power-off", _power_off, "cut the current of hosts or whole places")
    off.add_argument("targets", nargs="+", metavar="HOST|PLACE")
    off.add_argument("--lose-unsynced", action="store_true", help="what was not synced to disk is lost, too")
    verb("power-on", _power_on, "switch on; enabled services start").add_argument(
        "targets", nargs="+", metavar="HOST|PLACE"
    )
    cut = verb("partition", _partition, "drop everything between two places or hosts")
    cut.add_argument("one")
    cut.add_argument("other")
    verb("isolate", _isolate, "drop everything to and from a host or place").add_argument("target")
    verb("heal", _heal, "undo all cuts, or those between the given names").add_argument("names", nargs="*")
    filled = verb("fill", _fill, "leave no room on a host's disk")
    filled.add_argument("host")
    filled.add_argument("path", help="a directory on the disk")
    filled.add_argument("--leave", type=int, default=0, metavar="BYTES")
    filled.add_argument("--release", action="store_true", help="give the room back")
    broken = verb("corrupt", _corrupt, "change bytes of a file; size and times stay")
    broken.add_argument("host")
    broken.add_argument("path")
    broken.add_argument("--bytes", type=int, default=4)
    broken.add_argument("--seed", type=int, default=1)
    verb("freeze", _freeze, "stop every process of a host where it stands").add_argument("host")
    verb("thaw", _thaw, "let a frozen host go on").add_argument("host")


def _add_command_verbs(verb: Callable[[str, Verb, str], argparse.ArgumentParser]) -> None:
    executed = verb("exec", _exec, "run a command at the controller")
    executed.add_argument("--listen", metavar="ADDRESS:PORT", help="pass it a socket of the machine's network")
    executed.add_argument("command", nargs=argparse.REMAINDER)
    ran = verb("run", _enter, "run a command inside a host, as root")
    ran.add_argument("host")
    ran.add_argument("command", nargs=argparse.REMAINDER)
    verb("enter", _enter, "a root shell inside a host").add_argument("host")
    verb("serve-power", _serve_power, "the power switch itself; `up` starts it")


def _report(what: str, names: list[str]) -> None:
    _say(f"{what}: {', '.join(names)}" if names else "nothing to do")


def _say(line: str) -> None:
    print(line, flush=True)


def main(argv: list[str]) -> int:
    given = _parser().parse_args(argv[1:])
    if getattr(given, "command", [])[:1] == ["--"]:
        given.command = given.command[1:]
    try:
        machine.become_root(argv)
        lab = Lab(given.name)
        _work(lab, given)
    except UnsupportedMachineError as error:
        return _fail(str(error), 2)
    except (LabError, OSError) as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    return 0


def _work(lab: Lab, given: Any) -> None:
    plan = topology.load()
    if given.work not in (_exec, _enter):
        _stand_on_the_machine(lab)
    if given.work in UNLOCKED:
        given.work(lab, plan, given)
        return
    with lab.lock():
        given.work(lab, plan, given)


def _stand_on_the_machine(lab: Lab) -> None:
    """A verb may be given from within a lab; the power switch of that lab, or of this one, stands outside."""
    for name in dict.fromkeys((os.environ.get("RECOVERY_LAB") or lab.name, lab.name)):
        switch = Lab(name).process(life.POWER_SWITCH)
        if switch is not None:
            machine.join_namespaces_of(switch.pid)
            return


def _fail(message: str, code: int) -> int:
    print(f"lab: {message}", file=sys.stderr, flush=True)
    return code
