"""The lab's command line, as the tests use it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class LabCommand:
    """molecule/lab, as a person types it."""

    name: str

    @property
    def directory(self) -> Path:
        return REPOSITORY / "build" / "lab" / self.name

    def call(self, *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        command = [str(REPOSITORY / "molecule" / "lab"), "--name", self.name, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    def do(self, *words: str, timeout: float = 60) -> str:
        done = self.call(*words, timeout=timeout)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.do("status", "--json"))
        return found

    def ssh(self, host: str, command: str) -> str:
        keys = self.directory / "ssh"
        options = ["-o", f"UserKnownHostsFile={keys / 'known_hosts'}", "-o", "StrictHostKeyChecking=yes",
                   "-o", "ConnectTimeout=2", "-o", "BatchMode=yes"]  # fmt: skip
        return self.do("exec", "ssh", "-i", str(keys / "id_ed25519"), *options, f"recovery@{host}", command)

    def knock(self, host: str, address: str, port: int = 22) -> str:
        """What a connection attempt from a host meets: answered, refused, silence, or a named error."""
        program = (
            "import socket,sys\n"
            "try: socket.create_connection((sys.argv[1], int(sys.argv[2])), 1).close(); print('answered')\n"
            "except ConnectionRefusedError: print('refused')\n"
            "except TimeoutError: print('silence')\n"
            "except OSError as error: print(error.strerror)\n"
        )
        start = ["exec"] if host == "controller" else ["run", host]
        return self.do(*start, "python3", "-c", program, address, str(port)).strip()
