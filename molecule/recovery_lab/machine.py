"""Whether this machine can carry a lab, said in one line when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from recovery_lab import kernel
from recovery_lab.errors import LabError, UnsupportedMachineError
from recovery_lab.process import SYSTEM_PATH

NEW_NETWORK = 0x40000000
TOOLS = {"ip": "iproute2", "nft": "nftables", "nsenter": "util-linux", "mkfs.ext4": "e2fsprogs",
         "ssh-keygen": "openssh-client", "openssl": "openssl", "sysctl": "procps"}  # fmt: skip


def become_root(argv: list[str]) -> None:
    """The lab needs root. Where sudo gives it without a question, take it."""
    if os.geteuid() == 0:
        return
    sudo = shutil.which("sudo")
    if sudo is None or subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode != 0:
        raise UnsupportedMachineError("the lab needs root, and sudo does not give it without a password")
    os.execv(sudo, ["sudo", "-n", "--preserve-env", sys.executable, *argv])


def check() -> None:
    _check_distribution()
    missing = sorted(package for tool, package in TOOLS.items() if shutil.which(tool, path=SYSTEM_PATH) is None)
    if missing:
        raise LabError(f"Debian packages are missing: {' '.join(missing)}; run make setup")
    try:
        kernel.in_child(lambda: kernel.unshare(NEW_NETWORK | kernel.NEW_MOUNTS | kernel.NEW_PROCESSES))
    except LabError as error:
        raise UnsupportedMachineError(f"this machine offers no network, mount and pid namespaces ({error})") from error


def _check_distribution() -> None:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except FileNotFoundError:
        lines = []
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    kinds = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "").split()
    if not {"debian", "ubuntu"} & set(kinds):
        raise UnsupportedMachineError(f"the lab needs Debian or Ubuntu; this is {' '.join(kinds) or 'unknown'}")


def join_namespaces_of(pid: int) -> None:
    """A lab command given from within the lab works on the machine all the same.

    `exec` runs its command with a network and a view of the mounts of its own; what is made there would be seen by
    nobody else. The power switch stands outside: go where it is.
    """
    if os.stat("/proc/self/ns/mnt").st_ino == os.stat(f"/proc/{pid}/ns/mnt").st_ino:
        return
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY)
    kernel.enter_namespace(f"/proc/{pid}/ns/net")
    kernel.enter_namespace(f"/proc/{pid}/ns/mnt")
    kernel.change_root(root)
