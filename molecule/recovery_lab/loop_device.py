"""Loop devices that free themselves when their last mount is gone, also where /dev is a plain directory."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import time
from pathlib import Path

from recovery_lab.errors import LabError

LOOP_CONTROL = "/dev/loop-control"
LOOP_CONTROL_NUMBER = os.makedev(10, 237)
LOOP_MAJOR = 7
LOOP_CONFIGURE = 0x4C0A
LOOP_CONTROL_GET_FREE = 0x4C82
FLAG_AUTOMATIC_CLEAR = 4


class _LoopInformation(ctypes.Structure):
    _fields_ = [
        ("device", ctypes.c_uint64),
        ("inode", ctypes.c_uint64),
        ("rdevice", ctypes.c_uint64),
        ("offset", ctypes.c_uint64),
        ("size_limit", ctypes.c_uint64),
        ("number", ctypes.c_uint32),
        ("encrypt_type", ctypes.c_uint32),
        ("encrypt_key_size", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("file_name", ctypes.c_uint8 * 64),
        ("crypt_name", ctypes.c_uint8 * 64),
        ("encrypt_key", ctypes.c_uint8 * 32),
        ("init", ctypes.c_uint64 * 2),
    ]


class _LoopConfiguration(ctypes.Structure):
    _fields_ = [
        ("descriptor", ctypes.c_uint32),
        ("block_size", ctypes.c_uint32),
        ("information", _LoopInformation),
        ("reserved", ctypes.c_uint64 * 8),
    ]


def available() -> bool:
    """Whether this machine gives loop devices to us."""
    try:
        os.close(_open_control())
    except OSError:
        return False
    return True


def _open_control() -> int:
    if not os.path.exists(LOOP_CONTROL):
        os.mknod(LOOP_CONTROL, stat.S_IFCHR | 0o600, LOOP_CONTROL_NUMBER)
    return os.open(LOOP_CONTROL, os.O_RDWR | os.O_CLOEXEC)


def attach(image: Path) -> tuple[str, int]:
    """Attach an image; return the device and a descriptor that keeps it until it is mounted."""
    backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    control = _open_control()
    try:
        for _attempt in range(64):
            number = fcntl.ioctl(control, LOOP_CONTROL_GET_FREE)
            handle = _configure(number, backing)
            if handle is not None:
                return f"/dev/loop{number}", handle
        raise LabError("no free loop device was found; look at losetup --all")
    finally:
        os.close(control)
        os.close(backing)


def _configure(number: int, backing: int) -> int | None:
    """Bind the device to the image; None when somebody else was faster."""
    device = f"/dev/loop{number}"
    if not os.path.exists(device):
        os.mknod(device, stat.S_IFBLK | 0o600, os.makedev(LOOP_MAJOR, number))
    handle = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    configuration = _LoopConfiguration(descriptor=backing)
    configuration.information.flags = FLAG_AUTOMATIC_CLEAR
    try:
        fcntl.ioctl(handle, LOOP_CONFIGURE, bytes(configuration))
    except OSError as error:
        os.close(handle)
        if error.errno == errno.EBUSY:
            return None
        raise
    return handle


def devices_of(image: Path) -> list[str]:
    """The loop devices that still hold this image."""
    wanted = str(image.resolve())
    found = []
    for entry in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            if entry.read_text().rstrip("\n").removesuffix(" (deleted)") == wanted:
                found.append(f"/dev/{entry.parts[3]}")
        except OSError:  # cleared between listing and reading
            continue
    return found


def wait_until_free(image: Path, seconds: float = 60) -> None:
    """A host that was just cut off writes back its last pages first: wait until its disk is let go."""
    deadline = time.monotonic() + seconds
    while devices := devices_of(image):
        if time.monotonic() > deadline:
            raise LabError(f"{', '.join(devices)} still holds {image} after {seconds:g} s")
        time.sleep(0.01)
