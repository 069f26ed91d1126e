"""The inside of a host: its root from the shared layer and its own disk, its devices, its name and keys."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from recovery_lab import credentials, kernel, network
from recovery_lab.process import SYSTEM_PATH
from recovery_lab.state import Lab
from recovery_lab.topology import MOLECULE, Host, Topology

FILES = MOLECULE / "recovery_lab" / "files"
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
PERSONAL = "etc/recovery-lab"


@dataclass(frozen=True)
class Inside:
    """What the first process of a host needs to know before it is one."""

    lab: Lab
    topology: Topology
    host: Host
    shared_root: Path
    device: str | None  # None: no loop devices here, the disk is a plain directory


def become_host(inside: Inside) -> None:
    """Called as the first process of new mount, pid, name and ipc namespaces; ends in the host's own init."""
    directory = inside.lab.host_directory(inside.host.name)
    kernel.set_host_name(inside.host.name)
    root = _mount_root(inside, directory)
    _mount_system(root)
    if not (root / PERSONAL).exists():
        _personalise(inside, root)
    _install(FILES / "boot.sh", root / "usr/local/sbin/recovery-boot", 0o755)
    _install(FILES / "halt.sh", root / "usr/local/sbin/recovery-halt", 0o755)
    kernel.pivot_root(str(root))
    environment = {"PATH": SYSTEM_PATH, "HOME": "/root", "LANG": "C.UTF-8"}
    os.execve("/usr/bin/tini", ["tini", "-g", "--", "/usr/local/sbin/recovery-boot"], environment)


def _mount_root(inside: Inside, directory: Path) -> Path:
    disk, root = directory / "disk", directory / "root"
    if inside.device is not None:
        kernel.mount(inside.device, str(disk), "ext4", options="discard")
    for name in ("upper", "work"):
        (disk / name).mkdir(exist_ok=True)
    (disk / "upper").chmod(0o755)
    os.chdir(directory)  # relative names: the directory's own path may hold a comma or a colon
    options = f"lowerdir={inside.shared_root},upperdir=disk/upper,workdir=disk/work"
    kernel.mount("overlay", str(root), "overlay", options=options)
    return root


def _mount_system(root: Path) -> None:
    plain = kernel.MOUNT_NO_SUID | kernel.MOUNT_NO_EXECUTE
    kernel.mount("proc", str(root / "proc"), "proc", plain | kernel.MOUNT_NO_DEVICES)
    kernel.mount("sysfs", str(root / "sys"), "sysfs", plain | kernel.MOUNT_NO_DEVICES | kernel.MOUNT_READ_ONLY)
    kernel.mount("tmpfs", str(root / "run"), "tmpfs", kernel.MOUNT_NO_SUID | kernel.MOUNT_NO_DEVICES, "mode=755")
    kernel.mount("tmpfs", str(root / "dev"), "tmpfs", kernel.MOUNT_NO_SUID, "mode=755,size=64k")
    os.umask(0)
    for name, (major, minor) in DEVICES.items():
        os.mknod(root / "dev" / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
    os.umask(0o022)
    for name in ("pts", "shm"):
        (root / "dev" / name).mkdir()
    kernel.mount("devpts", str(root / "dev/pts"), "devpts", plain, "newinstance,ptmxmode=0666,mode=0620,gid=5")
    kernel.mount("tmpfs", str(root / "dev/shm"), "tmpfs", plain | kernel.MOUNT_NO_DEVICES, "mode=1777")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
    for name, target in links.items():
        (root / "dev" / name).symlink_to(f"/proc/self/{target}" if target.startswith("fd/") else target)


def _personalise(inside: Inside, root: Path) -> None:
    """Name, neighbours, keys and certificates: what makes this host itself. Done once per disk."""
    (root / "etc/hostname").write_text(f"{inside.host.name}\n")
    (root / "etc/hosts").write_text(network.hosts_file(inside.topology))
    (root / "etc/resolv.conf").write_text(network.resolver_file(inside.topology))
    _install(FILES / "sshd_config", root / "etc/ssh/sshd_config_lab", 0o644)
    key = credentials.host_key(inside.lab, inside.host)
    _install(key, root / "etc/ssh" / key.name, 0o600)
    _install(key.with_suffix(".pub"), root / "etc/ssh" / f"{key.name}.pub", 0o644)
    _authorize(inside, root)
    tls = inside.lab.directory / "tls"
    _install(tls / "ca.pem", root / "etc/ssl/certs/recovery-ca.pem", 0o644)
    if inside.host.certificate:
        for suffix, mode in ((".pem", 0o644), (".key", 0o600), ("-with-key.pem", 0o600)):
            name = f"{inside.host.certificate}{suffix}"
            _install(tls / name, root / "etc/recovery-tls" / name, mode)
    (root / PERSONAL).write_text(f"{inside.lab.name}\n")


def _authorize(inside: Inside, root: Path) -> None:
    accounts = (line.split(":") for line in (root / "etc/passwd").read_text().splitlines())
    user, group = next((int(fields[2]), int(fields[3])) for fields in accounts if fields[0] == "recovery")
    directory = root / "home/recovery/.ssh"
    directory.mkdir(mode=0o700, exist_ok=True)
    keys = directory / "authorized_keys"
    keys.write_text(credentials.authorized_key(inside.lab))
    keys.chmod(0o600)
    for path in (directory, keys):
        os.chown(path, user, group)


def _install(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)
