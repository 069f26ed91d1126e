"""The list of a thousand backups, beside restic's own list of the same snapshots; run by `make bench`.

One backup is taken by the module. The other snapshots are that one's with another time and other names, encrypted with
the repository's own key as restic encrypts them: restic itself lists them and would refuse what it had not made so.
Taking each of them would take restic, which derives its key anew each time, half an hour, and prove nothing more.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from cryptography.hazmat.primitives.poly1305 import Poly1305
from tests.benchmarks.timing import timed
from tests.integration.files_backup.sandbox import Sandbox

BACKUPS = 1_000


def write_snapshot(sandbox: Sandbox, key: dict[str, Any], content: dict[str, Any]) -> str:
    """One file as restic writes it: AES-256 in counter mode, Poly1305-AES over it, named by the hash of its bytes."""
    nonce = os.urandom(16)
    secret, mac, clamp = (base64.b64decode(each) for each in (key["encrypt"], key["mac"]["k"], key["mac"]["r"]))
    sealed = Cipher(AES(secret), CTR(nonce)).encryptor().update(json.dumps(content).encode())
    pad = Cipher(AES(mac), ECB()).encryptor().update(nonce)
    file = nonce + sealed + Poly1305.generate_tag(clamp + pad, sealed)
    name = hashlib.sha256(file).hexdigest()
    (sandbox.repository / "snapshots" / name).write_bytes(file)
    return name


def later(tag: str, age: timedelta, changed: dict[str, str]) -> str:
    name = tag.partition("=")[0]
    if name == "started":
        at = datetime.fromisoformat(tag.partition("=")[2]) - age
        return f"{name}={at.isoformat()}"
    return f"{name}={changed[name]}" if name in changed else tag


def store_record(sandbox: Sandbox, snapshot: dict[str, Any], figures: dict[str, dict[str, str]]) -> None:
    """The newest record once more, telling of all sets as if it had been written after them."""
    content = json.loads(sandbox.restic("dump", snapshot["id"], "/record.json"))
    file = sandbox.root / "record.json"
    file.write_text(json.dumps({**content, "figures": {**content["figures"], **figures}}))
    tags = [word for tag in snapshot["tags"] for word in ("--tag", tag)]
    words = 'set -a; . "$1"; shift; exec restic backup -q --stdin --stdin-filename record.json "$@" < "$0"'
    argv = ["sh", "-c", words, str(file), str(sandbox.configuration_file), *tags]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    sandbox.restic("forget", snapshot["id"])


def multiply(sandbox: Sandbox) -> None:
    """Make the one backup that is there a thousand, an hour apart."""
    key = json.loads(sandbox.restic("cat", "masterkey"))
    listed = json.loads(sandbox.restic("snapshots", "--json"))
    whole = [json.loads(sandbox.restic("cat", "snapshot", each["id"])) for each in listed]
    record = next(each for each in whole if "part=record" in each["tags"])
    data = next(each for each in whole if "part=data" in each["tags"])
    own = next(each for each in listed if "part=record" in each["tags"])
    (first,) = json.loads(sandbox.restic("dump", own["id"], "/record.json"))["figures"].values()
    figures = {}
    for number in range(1, BACKUPS):
        age, set_id = timedelta(hours=number), f"{number:016x}"
        of, _record = (
            write_snapshot(
                sandbox, key, {**content, "tags": [later(tag, age, {"set": set_id}) for tag in content["tags"]]}
            )
            for content in (data, record)
        )
        at = datetime.fromisoformat(first["stopped"]) - age
        figures[set_id] = {**first, "of": of, "stopped": at.isoformat()}
    store_record(sandbox, own, figures)


@pytest.fixture
def sandbox(library: Path) -> Iterator[Sandbox]:
    root = Path(tempfile.mkdtemp(prefix="bench-catalogue-"))
    made = Sandbox(root, library)
    for directory in (made.source, made.cache, made.trust):
        directory.mkdir(parents=True)
    (made.source / "file").write_text("content")
    made.write_settings()
    made.restic("init")
    made.succeed("backup", strategy="full")
    multiply(made)
    yield made
    shutil.rmtree(root)


def list_all(sandbox: Sandbox) -> None:
    backups = sandbox.succeed("backup_info")["backups"]
    assert len(backups) == BACKUPS
    assert not any(each["errors"] for each in backups)


def test_a_thousand_backups(sandbox: Sandbox) -> None:
    seconds: dict[str, list[float]] = defaultdict(list)
    listing = partial(sandbox.restic, "snapshots", "--no-lock", "--json")
    assert len(json.loads(listing())) == 2 * BACKUPS
    for _run in range(int(os.environ["BENCH_RUNS"])):
        seconds["bare list"].append(timed(listing))
        for known in sandbox.cache.glob("*.*"):
            known.unlink()
        seconds["first list"].append(timed(partial(list_all, sandbox)))
        seconds["list"].append(timed(partial(list_all, sandbox)))
    Path(os.environ["BENCH_OUTPUT"]).write_text(json.dumps(seconds))
