# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What restic says is understood by its words; settings that would leak or hang are refused before it is called."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._command import Finished
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import (
    Restic,
    is_held_up,
    read_settings,
    said_badly,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_lock import (
    Way,
    dead_owner_of,
    owner_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_snapshots import stored_by
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_words import (
    asks_in_vain,
    cleaned,
    meaning_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    EncryptionError,
    PreconditionError,
    ToolError,
)

ASIDE = "\nIs there a repository at the following location?\ns3:http://store/bucket"
HOST = os.uname().nodename
LOCKED = "unable to create lock in backend: repository is already locked by PID {pid} on {host} by root (UID 0, GID 0)"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Fatal: wrong password or no key found", "DR-KEY"),
        ("Fatal: an empty password is not a password", "DR-KEY"),
        ("Resolving password failed: Fatal: /k does not exist", "DR-KEY"),
        ("Fatal: unable to open config file: stat /r/config: no such file or directory" + ASIDE, "DR-REPO"),
        ("Fatal: unable to open config file: Stat: The specified bucket does not exist" + ASIDE, "DR-REPO"),
        ('Fatal: unable to open config file: Stat: Get "http://s:9/": connect: connection refused' + ASIDE, "DR-REPO"),
        ("Fatal: unable to open config file: Stat: Connection closed by foreign host. Retry again." + ASIDE, "DR-REPO"),
        ("Save(<data/aa>) returned error: client.PutObject: 503 Service Unavailable", "DR-REPO"),
        ("Fatal: unable to open config file: Stat: Access Denied." + ASIDE, "DR-AUTH"),
        ("Stat: The request signature we calculated does not match the signature you provided" + ASIDE, "DR-AUTH"),
        ('Get "https://s/": x509: certificate has expired or is not yet valid' + ASIDE, "DR-TLS"),
        (LOCKED.format(pid=1, host="elsewhere"), "DR-LOCK"),
        ("Fatal: unable to save snapshot: write /r/data/15: no space left on device", "DR-SPACE"),
        ("Pack ID does not match, want aa, got bb\nFatal: repository contains errors", "DR-INT"),
        ('invalid id "dead": no matching ID found for prefix "dead"', "DR-REPO"),
        (
            "Load(<data/d68e61d4e4>, 9, 0) returned error, retrying after 5s: open /r/d6: no such file or directory",
            "DR-INT",
        ),
        ("Fatal: Unmarshal: illegal base64 data at input byte 32", "DR-INT"),
        ("words that nobody has heard", "DR-TOOL"),
        ("", "DR-TOOL"),
    ],
)
def test_words_have_one_meaning(said: str, code: str) -> None:
    assert meaning_of(said, "do it").error_code == code


def test_what_credentials_may_not_do_is_told_apart() -> None:
    put = meaning_of("unable to create lock in backend: client.PutObject: Access Denied.", "back up")
    listing = meaning_of("List(data) returned error: Access Denied.", "back up")
    delete = meaning_of("Remove(<snapshot/aa>) failed: client.RemoveObject: Access Denied.", "forget")
    assert [each.error_code for each in (put, listing, delete)] == ["DR-AUTH"] * 3
    assert "not write" in put.next_action and "not list" in listing.next_action and "not delete" in delete.next_action


AGAIN = "{act} returned error, retrying after 552.330144ms: {why}\n"
LOAD = AGAIN.format(act="Load(<data/d68e61d4e4>, 150285, 0)", why="{why}")
MISSING = "open /r/data/d6/d68e61d4e4: no such file or directory"


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        # A store may be slow, unreachable, or need a moment.
        (LOAD.format(why="connection reset by peer") * 30, False),
        (LOAD.format(why=MISSING), False),
        (LOAD.format(why="unexpected EOF") * 3, False),
        # The same answer again and again, which no store takes back.
        (LOAD.format(why=MISSING) * 2, True),
        (LOAD.format(why="The specified key does not exist.") * 3, True),
        (LOAD.format(why="ReadFull: unexpected EOF") * 6, True),
        (AGAIN.format(act="Save(<lock/1f2e>)", why="client.PutObject: Access Denied.") * 3, True),
        (AGAIN.format(act="Stat(<config/>)", why='Get "https://s/": x509: certificate has expired') * 3, True),
        # Not the same thing each time.
        ("".join(LOAD.replace("d68e", f"{number:04}").format(why=MISSING) for number in range(9)), False),
        # What it has named as broken already need not be tried again.
        (f"pack d68e61d4e4{'0' * 54}: does not exist\n{LOAD.format(why='EOF')}", True),
        (f"pack d68e61d4e4{'0' * 54}: unexpected file size: got 100, expected 739\n{LOAD.format(why='EOF')}", True),
        (f"pack e68e61d4e4{'0' * 54}: does not exist\n{LOAD.format(why='EOF')}", False),
        ("", False),
    ],
)
def test_what_another_attempt_does_not_change_is_not_waited_for(said: str, is_so: bool) -> None:
    assert asks_in_vain(said) is is_so


def test_a_lock_that_went_while_it_was_read_is_held_up_and_not_broken() -> None:
    """Two hosts in one store: the one lists the lock of the other, who takes it away before it is loaded."""
    said = AGAIN.format(act="Load(<lock/71ec9bd9fe>, 0, 0)", why="The specified key does not exist.") * 2
    assert asks_in_vain(said) and is_held_up(said)
    assert meaning_of(said, "back up").error_code == "DR-LOCK"
    assert is_held_up(LOCKED.format(pid=1, host=HOST)) and not is_held_up(LOAD.format(why=MISSING))


def test_control_characters_never_reach_an_error() -> None:
    assert cleaned("a\x1b[31mb\n\na\x1b[31mb\nc") == "a?[31mb | c"


def test_a_lock_belongs_to_the_dead_only_when_that_is_proven() -> None:
    gone = 2**22 - 1
    assert owner_of("no lock at all") is None
    assert dead_owner_of(LOCKED.format(pid=gone, host=HOST)) is not None
    assert dead_owner_of(LOCKED.format(pid=os.getpid(), host=HOST)) is None
    assert dead_owner_of(LOCKED.format(pid=gone, host="elsewhere")) is None
    exclusively = LOCKED.format(pid=gone, host=HOST).replace("already locked", "already locked exclusively")
    assert dead_owner_of(exclusively) is not None


def test_restic_is_asked_once_whether_the_lock_of_another_host_is_too_old_to_be_alive() -> None:
    asked: list[int] = []
    way = Way(Deadline(5), lambda: asked.append(1))
    elsewhere = LOCKED.format(pid=7, host="a-host-that-is-gone")
    assert way.is_made(elsewhere) and asked == [1]
    assert way.is_made(elsewhere) and asked == [1]
    assert way.is_made(LOCKED.format(pid=8, host="a-host-that-is-gone")) and asked == [1, 1]


def settings(tmp_path: Path, text: str, mode: int = 0o600) -> str:
    path = tmp_path / "vault.env"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_settings_are_read_as_a_shell_would(tmp_path: Path) -> None:
    text = "# who\n\nRESTIC_REPOSITORY='/r 1'\nexport AWS_SECRET_ACCESS_KEY=\"a b\"\nEMPTY=\n"
    assert read_settings(settings(tmp_path, text)) == {
        "RESTIC_REPOSITORY": "/r 1",
        "AWS_SECRET_ACCESS_KEY": "a b",
        "EMPTY": "",
    }


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("RESTIC_REPOSITORY=/r\n", 0o640),
        ("RESTIC_REPOSITORY=/r\nrm -rf /\n", 0o600),
        ("A=b c\n", 0o600),
        ("A=b\n", 0o600),
    ],
)
def test_settings_that_leak_or_are_none_are_refused(tmp_path: Path, text: str, mode: int) -> None:
    with pytest.raises(PreconditionError):
        read_settings(settings(tmp_path, text, mode))


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_a_missing_or_empty_key_is_told_without_asking_anybody(tmp_path: Path, key: str | None) -> None:
    if key is not None:
        (tmp_path / "key").write_text(key)
    text = f"RESTIC_REPOSITORY=/r\nRESTIC_PASSWORD_FILE={tmp_path}/key\n"
    with pytest.raises(EncryptionError):
        Restic.of(settings(tmp_path, text), Deadline(5))


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x")
    lines = ["RESTIC_REPOSITORY=rest:https://user:secret@store/r", f"RESTIC_PASSWORD_FILE={tmp_path}/key"]
    lines += ["AWS_SECRET_ACCESS_KEY=secret", "RECOVERY_RESTIC_OPTIONS='-o sftp.command=\"ssh store\"'"]
    tool = Restic.of(settings(tmp_path, "\n".join([*lines, f"RESTIC_CACHE_DIR={tmp_path}/cache"])), Deadline(5))
    assert tool.place == "rest:https://store/r"
    assert tool.argv("snapshots") == ["restic", "snapshots", "-o", "sftp.command=ssh store"]
    assert "secret" not in repr(tool)
    assert tool.environment["AWS_SECRET_ACCESS_KEY"] == "secret"


@pytest.mark.parametrize(
    ("address", "kind"), [("/r", "local"), ("s3:https://store/b", "s3"), ("sftp:u@h:/r", "sftp"), ("a:b", "local")]
)
def test_each_kind_of_place_has_its_own_bound_of_connections(tmp_path: Path, address: str, kind: str) -> None:
    settings = {"RESTIC_REPOSITORY": address, "RESTIC_CACHE_DIR": str(tmp_path)}
    assert Restic(settings, Deadline(5)).argv("check") == ["restic", "check"]
    bounded = Restic(settings, Deadline(5), connections=3)
    assert bounded.argv("check") == ["restic", "check", "-o", f"{kind}.connections=3"]


def finished(rc: int, stdout: str = "", stderr: str = "") -> Finished:
    return Finished(["restic"], rc, stdout, stderr, 1.0)


def test_a_snapshot_counts_only_with_its_summary() -> None:
    summary = {"message_type": "summary", "snapshot_id": "aa", "data_added": 1, "total_files_processed": 2}
    unread = '{"message_type":"error","error":{"Op":"open","Path":"/x","Err":13},"during":"archival","item":"/x"}'
    whole = json.dumps({**summary, "total_bytes_processed": 3})
    stored = stored_by(
        finished(3, f'{{"message_type":"status"}}\n{whole}\n', unread + "\nWarning: incomplete"), "store"
    )
    assert (stored.id, stored.size_bytes, stored.unread) == ("aa", 3, ["/x: open: Permission denied"])
    for text in ("", "not json", json.dumps(summary), json.dumps({"message_type": "summary"})):
        with pytest.raises(ToolError):
            stored_by(finished(0, text), "store")


def test_errors_in_json_are_said_in_words() -> None:
    unread = '{"message_type":"error","error":{"Op":"lstat","Path":"/x","Err":2},"item":"/x"}'
    assert said_badly(finished(1, "", f"{unread}\nFatal: gone")) == "/x: lstat: No such file or directory\nFatal: gone"
    assert said_badly(finished(1)) == "it ended with 1"
