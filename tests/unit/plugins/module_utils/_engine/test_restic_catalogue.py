# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One listing makes the whole catalogue; data without a record, or with a foreign one, is no backup."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_catalogue import (
    UNREAD_RECORD,
    Listing,
    data_tags,
    read_listing,
    record_tags,
    write_tags,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_figures import (
    early_tags,
    figures_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_memory import Memory
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import LeaseError, RepositoryError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._record import BackupRecord

BEGIN = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)


def record(number: int, **changes: Any) -> BackupRecord:
    at = BEGIN + timedelta(hours=number)
    plain = BackupRecord(
        id=f"{number:064x}",
        engine="files",
        stanza="shop",
        repository="vault",
        strategy="full",
        parent=None,
        chain=[],
        started_at=at,
        stopped_at=at + timedelta(seconds=1.5),
        size_bytes=1000,
        stored_bytes=100,
        changed_bytes=100,
        encrypted=True,
        system_identifier="shop-web1",
    )
    return replace(plain, **changes)


def snapshot(identifier: str, tags: dict[str, str], at: datetime = BEGIN) -> dict[str, Any]:
    words = [word for word in write_tags(tags) if word != "--tag"]
    text = at.isoformat().replace("+00:00", "")
    return {"id": identifier, "short_id": identifier[:8], "time": f"{text}.123456789Z", "tags": words, "paths": ["/x"]}


def data(of: BackupRecord) -> dict[str, Any]:
    tags = data_tags(stanza=of.stanza, engine=of.engine, strategy=of.strategy, set_id=of.id[-16:], system="shop-web1")
    return snapshot(of.id, tags, of.started_at)


def proof(of: BackupRecord, *, is_alone: bool = True, short: bool = True) -> dict[str, Any]:
    named = of.id[:8] if short else of.id
    tags = record_tags(of, of=named, set_id=of.id[-16:], kind="logs", is_alone=is_alone)
    return snapshot("f" * 32 + of.id[32:], tags)


def listing(*snapshots: dict[str, Any], figures: dict[str, dict[str, str]] | None = None) -> Listing:
    return read_listing(list(snapshots), stanza="shop", engine="files", repository="vault", figures=figures or {})


def test_a_record_comes_back_as_it_was_written() -> None:
    written = record(
        1,
        strategy="incremental",
        parent=record(0).id,
        log_position="binlog.000003:1,5%",
        key_id="safe=1, in the cellar",
        consistency_id="night",
        is_consistent=False,
        server_version="10.11",
    )
    for short in (True, False):
        found = listing(data(written), proof(written, short=short))
        assert found.records == [written]
        assert found.kinds == {written.id: "logs"}
        assert len(found.snapshots_of(written)) == 2


def begun(of: BackupRecord) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """A record of which the figures stand inside, and those."""
    tags = record_tags(of, of=of.id[:8], set_id=of.id[-16:], kind="logs")
    return snapshot("f" * 32 + of.id[32:], early_tags(tags)), {of.id[-16:]: figures_of(tags)}


def test_a_record_with_its_figures_inside_is_listed_as_any_other() -> None:
    written = record(1, strategy="incremental", parent=record(0).id, is_consistent=False)
    own, figures = begun(written)
    found = listing(data(written), own, figures=figures)
    assert found.records == listing(data(written), proof(written)).records == [written]
    assert found.kinds == {written.id: "logs"}
    assert len(found.snapshots_of(written)) == 2


def test_a_backup_whose_figures_cannot_be_read_is_not_usable() -> None:
    lost, sound = record(1), record(2)
    own, _figures = begun(lost)
    found = listing(data(lost), own, data(sound), proof(sound))
    assert [each.id for each in found.records if each.is_usable] == [sound.id]
    assert found.records[0].errors == [UNREAD_RECORD]
    # It was not broken off, which is removed without a question; and goes whole when it goes.
    assert found.records[0].is_complete
    assert len(found.snapshots_of(found.records[0])) == 2


def test_figures_of_other_data_prove_nothing() -> None:
    own, figures = begun(record(1))
    foreign = {name: {**of, "of": "deadbeef"} for name, of in figures.items()}
    found = listing(data(record(1)), own, figures=foreign)
    assert (len(found.strays), found.records[0].is_usable) == (1, False)


def test_no_tag_holds_what_restic_separates_tags_by() -> None:
    words = write_tags({"position": "a,b", "empty": ""})
    assert words == ["--tag", "recovery", "--tag", "position=a%2Cb"]


def test_data_without_a_record_was_broken_off() -> None:
    found = listing(data(record(1)), data(record(2)), proof(record(2)))
    assert [each.id for each in found.records if each.is_usable] == [record(2).id]
    broken = found.records[0]
    assert (broken.is_complete, broken.is_usable, broken.is_consistent) == (False, False, False)
    assert broken.started_at == record(1).started_at + timedelta(microseconds=123456)
    assert found.snapshots_of(broken) == [broken.id]


def test_a_record_without_its_data_or_of_other_data_proves_nothing() -> None:
    foreign = proof(record(2))
    foreign["tags"] = [tag.replace(f"of={record(2).id[:8]}", "of=deadbeef") for tag in foreign["tags"]]
    found = listing(proof(record(1)), data(record(2)), foreign)
    assert len(found.strays) == 2
    assert not found.records[0].is_usable


def test_other_names_engines_and_strangers_are_left_out() -> None:
    other = record(1, stanza="office")
    engine = record(2, engine="mariadb")
    stranger = {"id": "a" * 64, "time": "2026-01-02T03:00:00Z", "tags": None}
    assert listing(data(other), proof(other), data(engine), proof(engine), stranger).records == []


def test_what_needs_its_parent_names_its_chain_or_the_hole_in_it() -> None:
    first, second = record(1), record(2, strategy="incremental", parent=record(1).id)
    third = record(3, strategy="incremental", parent=second.id)
    proofs = [proof(first), proof(second, is_alone=False), proof(third, is_alone=False)]
    whole = listing(data(first), data(second), data(third), *proofs)
    assert [each.chain for each in whole.records] == [[], [first.id], [first.id, second.id]]
    holed = listing(data(first), data(third), *proofs)
    assert [each.is_usable for each in holed.records] == [True, False]
    assert second.id[:8] in holed.records[1].errors[0]


def test_an_identifier_may_be_short_but_not_ambiguous() -> None:
    found = listing(data(record(1)), proof(record(1)), data(record(2)), proof(record(2)))
    assert found.find("0") is None
    assert found.find("") is None
    assert found.find(record(1).id) == record(1)


def test_a_thousand_backups_are_read_in_no_time() -> None:
    snapshots = [each for number in range(1000) for each in (data(record(number)), proof(record(number)))]
    # Of the processor: what else runs on this machine is not in it.
    started = time.process_time()
    assert len(listing(*snapshots).records) == 1000
    assert time.process_time() - started < 1


def test_what_was_seen_must_be_there_or_be_outlived(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "vault-shop")
    memory.require_not_older([], "look")
    memory.remember([record(1), record(2)])
    memory.require_not_older([record(2)], "look")
    memory.require_not_older([record(3)], "look")
    for left in ([], [record(1)]):
        with pytest.raises(RepositoryError):
            memory.require_not_older(left, "look")
    memory.forget([record(1)])
    memory.require_not_older([record(1)], "look")
    memory.seen_file.write_text("rubbish")
    memory.require_not_older([], "look")


def test_one_name_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "vault-shop")
    assert not memory.is_held
    with memory.alone("back up"):
        assert memory.is_held
        with pytest.raises(LeaseError), memory.alone("back up"):
            raise AssertionError("two at once")
    assert not memory.is_held
