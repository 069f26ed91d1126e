# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory goes to a tape and comes back, compared byte by byte; a file or a pipe stands for the drive."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    IntegrityError,
    PreconditionError,
    SpaceError,
    ToolError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_changer import parse_status
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_drive import TapeDrive
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._tape_manifest import (
    parse_manifest,
    written_manifest,
)

HOSTILE = b"-rf \xff new\nline \\back"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "data" / "00").mkdir(parents=True)
    (root / "config").write_text("the key is elsewhere")
    (root / "data" / "00" / "pack").write_bytes(os.urandom(300_000))
    (root / os.fsdecode(HOSTILE)).write_bytes(b"hostile")
    (root / "latest").symlink_to("config")
    os.link(root / "config", root / "same")
    return root


def drive(tmp_path: Path, device: Path | None = None) -> TapeDrive:
    return TapeDrive("vault", device or tmp_path / "tape", tmp_path / "rows", deadline=Deadline(30), block_bytes=10240)


def test_what_was_written_is_read_back_and_stands_in_the_catalogue(tmp_path: Path, source: Path) -> None:
    tape = drive(tmp_path)
    record = tape.write(source)
    assert (record.files, record.read_back_at) == (4, None)
    assert (tmp_path / "tape").stat().st_size % 10240 == 0
    proven = tape.read_back(record)
    assert proven.read_back_at is not None and tape.known() == [proven]
    assert tape.read_label() == record


def test_a_whole_tape_is_restored_with_names_links_and_all(tmp_path: Path, source: Path) -> None:
    tape, target = drive(tmp_path), tmp_path / "restored"
    tape.write(source)
    target.mkdir()
    tape.read_into(target)
    assert (target / os.fsdecode(HOSTILE)).read_bytes() == b"hostile"
    assert os.readlink(target / "latest") == "config" and (target / "same").samefile(target / "config")
    assert sorted(os.listdir(target)) == sorted(os.listdir(source))
    with pytest.raises(PreconditionError, match="not empty"):
        tape.read_into(target)


def test_a_person_needs_only_tar_and_sha256sum(tmp_path: Path, source: Path) -> None:
    drive(tmp_path).write(source)
    (tmp_path / "by-hand").mkdir()
    subprocess.run(["tar", "-xf", str(tmp_path / "tape")], cwd=tmp_path / "by-hand", check=True)
    check = ["sha256sum", "--check", "--strict", "recovery-manifest.sha256"]
    assert subprocess.run(check, cwd=tmp_path / "by-hand", capture_output=True, check=True).stdout.count(b": OK") == 4


def test_one_flipped_bit_and_a_torn_tape_are_found(tmp_path: Path, source: Path) -> None:
    tape = drive(tmp_path)
    record = tape.write(source)
    content = (tmp_path / "tape").read_bytes()
    at = content.index((source / "data" / "00" / "pack").read_bytes()) + 1000
    (tmp_path / "tape").write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with pytest.raises(IntegrityError, match="changed: data/00/pack"):
        tape.read_back(record)
    (tmp_path / "tape").write_bytes(content[: at // 10240 * 10240])
    with pytest.raises(IntegrityError):
        tape.read_back(record)
    (tmp_path / "restored").mkdir()
    with pytest.raises((IntegrityError, ToolError)):
        tape.read_into(tmp_path / "restored")


def test_a_tape_that_holds_a_copy_is_not_written_over_unless_told_so(tmp_path: Path, source: Path) -> None:
    tape = drive(tmp_path)
    first = tape.write(source)
    with pytest.raises(PreconditionError, match=first.id):
        tape.write(source)
    second = tape.write(source, replaces=first.id)
    # What was overwritten is no evidence any more.
    assert tape.known() == [second]
    with pytest.raises(IntegrityError, match=f"in the drive is tape {second.id}"):
        tape.read_back(first)


def test_a_pipe_takes_the_place_of_a_drive(tmp_path: Path, source: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    tape, streamed = drive(tmp_path, pipe), []
    reader = threading.Thread(target=lambda: streamed.append(pipe.read_bytes()))
    reader.start()
    record = tape.write(source)
    reader.join()

    def feed() -> None:
        # Who reads may stop at the mark of the end, before the padding behind it.
        with suppress(BrokenPipeError):
            pipe.write_bytes(streamed[0])

    writer = threading.Thread(target=feed)
    writer.start()
    assert tape.read_back(record).read_back_at is not None
    writer.join()


def test_a_tape_that_is_full_says_so(tmp_path: Path, source: Path) -> None:
    with pytest.raises(SpaceError, match="longer tape"):
        drive(tmp_path, Path("/dev/full")).write(source)


def test_a_manifest_keeps_every_name() -> None:
    checksums = {os.fsdecode(HOSTILE): "0" * 64, "a\\nb": "1" * 64, "plain": "2" * 64}
    assert parse_manifest(written_manifest(checksums)) == checksums
    with pytest.raises(ValueError, match="no line of a manifest"):
        parse_manifest(b"rubbish\n")


STATUS = """  Storage Changer /dev/sg3:2 Drives, 4 Slots ( 1 Import/Export )
Data Transfer Element 0:Full (Storage Element 1 Loaded):VolumeTag = DR0001L6
Data Transfer Element 1:Empty
      Storage Element 1:Empty
      Storage Element 2:Full :VolumeTag=DR0002L6
      Storage Element 3:Full
      Storage Element 4 IMPORT/EXPORT:Empty
"""


def test_the_words_of_a_changer_are_understood() -> None:
    inventory = parse_status(STATUS)
    assert inventory.drives[0].is_full and inventory.drives[0].from_slot == 1 and inventory.drives[0].tag == "DR0001L6"
    assert not inventory.drives[1].is_full
    assert {number: slot.is_full for number, slot in inventory.slots.items()} == {1: False, 2: True, 3: True, 4: False}
    assert inventory.slots[2].tag == "DR0002L6"
    with pytest.raises(ToolError, match="named no drive"):
        parse_status("mtx: No such device")
