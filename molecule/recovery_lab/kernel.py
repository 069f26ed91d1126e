"""The system calls that make and break a host, which Python 3.11 does not offer by itself."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import struct
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recovery_lab.errors import LabError

NEW_MOUNTS = 0x00020000
NEW_HOST_NAME = 0x04000000
NEW_IPC = 0x08000000
NEW_PROCESSES = 0x20000000

MOUNT_READ_ONLY = 1
MOUNT_NO_SUID = 2
MOUNT_NO_DEVICES = 4
MOUNT_NO_EXECUTE = 8
MOUNT_BIND = 4096
MOUNT_RECURSIVE = 16384
MOUNT_PRIVATE = 1 << 18
UNMOUNT_DETACH = 2

SYSCALL_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
# ext4 stops as if the power had gone: what was not synced is lost, the journal is not flushed.
EXT4_SHUTDOWN = 0x8004587D
EXT4_SHUTDOWN_WITHOUT_FLUSH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str | None = None) -> None:
    arguments = [item.encode() if item is not None else None for item in (source, target, kind, options)]
    _check(
        _libc.mount(arguments[0], arguments[1], arguments[2], ctypes.c_ulong(flags), arguments[3]),
        f"mount {kind or 'bind'} at {target}",
    )


def unmount(target: str, flags: int = 0) -> None:
    _check(_libc.umount2(target.encode(), flags), f"unmount {target}")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def enter_namespace(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(handle, 0), f"enter {path}")
    finally:
        os.close(handle)


def set_host_name(name: str) -> None:
    _check(_libc.sethostname(name.encode(), len(name)), "set the host name")


def unshare_mounts(others: int = 0) -> None:
    """Get a view of the mounts of our own, that nobody else is told of; also where we stand in a chroot."""
    unshare(NEW_MOUNTS | others)
    here = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    enter_namespace("/proc/self/ns/mnt")  # the namespace's true root, which a chroot hides
    mount("none", "/", None, MOUNT_RECURSIVE | MOUNT_PRIVATE)
    change_root(here)


def change_root(directory: int) -> None:
    os.fchdir(directory)
    os.chroot(".")
    os.close(directory)
    os.chdir("/")


def pivot_root(new_root: str) -> None:
    """Make new_root the root of this mount namespace and let go of the old one."""
    wanted = os.open(new_root, os.O_RDONLY | os.O_DIRECTORY)
    enter_namespace("/proc/self/ns/mnt")  # from a chroot there is no way to pivot
    os.fchdir(wanted)
    os.close(wanted)
    number = SYSCALL_PIVOT_ROOT[os.uname().machine]
    _check(_libc.syscall(ctypes.c_long(number), b".", b"."), "pivot_root")
    unmount(".", UNMOUNT_DETACH)
    os.chdir("/")


def shut_file_system_down(directory: str) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(handle, EXT4_SHUTDOWN, struct.pack("I", EXT4_SHUTDOWN_WITHOUT_FLUSH))
    finally:
        os.close(handle)


def in_child(work: Callable[[], Any]) -> Any:
    """Do the work in a child process, so that what it enters or unshares is gone with it; return its JSON result."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(writer, work)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    answer = json.loads(text or '{"error": "the child process gave no answer"}')
    if "error" in answer:
        raise LabError(answer["error"])
    return answer["result"]


def _answer(writer: int, work: Callable[[], Any]) -> None:
    """Only for the child of in_child: never returns."""
    code = 1
    try:
        answer = {"result": work()}
        code = 0
    except (LabError, OSError) as error:
        answer = {"error": str(error)}
    except BaseException as error:  # the child must not run the parent's code
        answer = {"error": "".join(traceback.format_exception_only(error)).strip()}
    os.write(writer, json.dumps(answer).encode())
    os._exit(code)


def in_host(pid: int, work: Callable[[], Any]) -> Any:
    """Do the work with the file system of the host whose first process is pid."""

    def enter_and_work() -> Any:
        enter_namespace(f"/proc/{pid}/ns/mnt")
        os.chdir("/")
        return work()

    return in_child(enter_and_work)


def start_time(pid: int) -> int | None:
    """When a process started, in ticks since boot; with the pid it names one process for good. None: it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])
