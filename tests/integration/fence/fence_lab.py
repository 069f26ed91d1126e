# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lab with one database in it, and tasks run at its controller by real ansible-playbook processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.lab.lab_command import REPOSITORY, LabCommand

Task = dict[str, Any]
KEPT = "kept: "
COLLECTION = "gogidix.disaster_recovery"
POOLER_PORT, BALANCER_PORT = 6432, 6433
POOLER = f"""
[databases]
postgres = host=10.10.1.11 user=shop
[pgbouncer]
listen_addr = 0.0.0.0
listen_port = {POOLER_PORT}
unix_socket_dir =
auth_type = any
server_login_retry = 0
logfile = /tmp/pgbouncer.log
pidfile = /tmp/pgbouncer.pid
"""
BALANCER = f"""
defaults
  mode tcp
  timeout connect 1s
  timeout client 60s
  timeout server 60s
listen database
  bind 0.0.0.0:{BALANCER_PORT}
  server fra-db1 10.10.1.11:5432
"""


@dataclass(frozen=True)
class Ended:
    """How a playbook ended, and what its last task kept."""

    code: int
    text: str
    kept: dict[str, Any]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


@dataclass(frozen=True)
class FenceLab(LabCommand):
    def begin(
        self, playbook: Path, tasks: list[Task], *, hosts: str, asked: dict[str, Any], check: bool = False
    ) -> subprocess.Popen[str]:
        """Start a play over the tasks, with what every play of a plan sees."""
        play = {
            "hosts": hosts,
            "gather_facts": False,
            "any_errors_fatal": True,
            "roles": ["gogidix.disaster_recovery.recovery"],
            "tasks": tasks,
        }
        playbook.write_text(json.dumps([play]))
        command = [str(REPOSITORY / "molecule/lab"), "--name", self.name, "exec",
                   str(REPOSITORY / ".venv/bin/ansible-playbook"), "-i", str(REPOSITORY / "inventories/two_sites"),
                   str(playbook), "-e", json.dumps(asked), *(["--check"] if check else [])]  # fmt: skip
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, "RECOVERY_RUN_ID": asked.get("recovery_run_id", "run1")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def play(
        self,
        place: Path,
        tasks: list[Task],
        *,
        keep: str = "answer",
        hosts: str = "localhost",
        asked: dict[str, Any] | None = None,
        check: bool = False,
    ) -> Ended:
        """Run the tasks to their end; the value of the variable ``keep`` is kept when all went well."""
        keeping = {
            "name": "Keep what was said",
            "ansible.builtin.debug": {"msg": KEPT + "{{ lookup('vars', keep) | to_json }}"},
            "vars": {"keep": keep},
            "run_once": True,
        }
        playbook = place / f"{uuid.uuid4().hex}.yml"
        process = self.begin(playbook, [*tasks, keeping], hosts=hosts, asked=asked or {}, check=check)
        text, _none = process.communicate(timeout=120)
        said = re.search(rf'"msg": ("{KEPT}.*")', text)
        kept = json.loads(json.loads(said[1]).removeprefix(KEPT)) if said else {}
        return Ended(process.returncode, text, kept if isinstance(kept, dict) else {})

    def begin_inside(self, host: str, *command: str) -> subprocess.Popen[str]:
        words = [str(REPOSITORY / "molecule/lab"), "--name", self.name, "run", host, *command]
        pipe = subprocess.PIPE
        return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def power(self, *hosts: str) -> set[str]:
        found = self.status()["hosts"]
        return {str(found[host]["power"]) for host in hosts}

    def postgres(self, *command: str) -> str:
        return self.do("run", "fra-db1", "runuser", "-u", "postgres", "--", *command).strip()

    def write(self, host: str, address: str, port: int, note: str) -> str:
        """Try to write a row from a host: what went wrong, or nothing."""
        target = f"host={address} port={port} user=shop dbname=postgres connect_timeout=3"
        insert = f"INSERT INTO entry VALUES ('{note}')"
        done = self.call("run", host, "psql", "-XAtq", target, "-c", insert)
        return done.stderr or ("" if done.returncode == 0 else "failed")

    def entries(self) -> set[str]:
        return set(self.postgres("psql", "-XAtqc", "SELECT note FROM entry").split())

    def database_runs(self) -> bool:
        return self.call("run", "fra-db1", "pgrep", "-x", "postgres").returncode == 0


def create_database(lab: FenceLab) -> None:
    """A primary that everybody may write to, known to the inventory by its identity."""
    lab.do("run", "fra-db1", "pg_createcluster", "15", "main", "--start-conf=auto", "--", "--no-sync", timeout=120)
    lab.do("run", "fra-db1", "sh", "-c", "echo host all all 0.0.0.0/0 trust >> /etc/postgresql/15/main/pg_hba.conf; "
           "echo \"listen_addresses = '*'\" >> /etc/postgresql/15/main/postgresql.conf")  # fmt: skip
    lab.do("run", "fra-db1", "pg_ctlcluster", "--skip-systemctl-redirect", "15", "main", "start")
    lab.postgres(
        "psql", "-XAtqc", "CREATE TABLE entry (note text)", "-c", "CREATE ROLE shop LOGIN IN ROLE pg_write_all_data"
    )
    said = lab.postgres("/usr/lib/postgresql/15/bin/pg_controldata", "/var/lib/postgresql/15/main")
    identity = lab.directory / "identity" / "orders"
    identity.parent.mkdir(exist_ok=True)
    identity.write_text(next(line.split()[-1] for line in said.splitlines() if "system identifier" in line))


def start_ways(lab: FenceLab) -> None:
    """A pooler at one site's proxy and a balancer at the other's, both before the same database."""
    files = {"fra-proxy1": ("/tmp/pgbouncer.ini", POOLER), "dub-proxy1": ("/tmp/haproxy.cfg", BALANCER)}
    for host, (path, text) in files.items():
        lab.do("run", host, "sh", "-c", f"cat > {path} <<'END'\n{text}END\n")
    lab.do("run", "fra-proxy1", "runuser", "-u", "postgres", "--", "/usr/sbin/pgbouncer", "-d", "/tmp/pgbouncer.ini")
    lab.do("run", "dub-proxy1", "/usr/sbin/haproxy", "-D", "-f", "/tmp/haproxy.cfg")


def role(tasks_from: str = "main") -> Task:
    return {
        "name": f"Fence: {tasks_from}",
        "ansible.builtin.import_role": {
            "name": f"{COLLECTION}.fence",
            "tasks_from": tasks_from,
            "rolespec_validate": False,
        },
    }


MOVE = {"recovery_source_site": "frankfurt", "recovery_target_site": "dublin", "recovery_mode": "emergency"}


def proof_of(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.text
    [answer] = ended.kept["results"]
    proof: dict[str, Any] = answer["fence_proof"]
    return proof
