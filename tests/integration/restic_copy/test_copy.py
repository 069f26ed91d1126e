# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that restic keeps, copied to a repository with another key: the same trees, or no copy."""

from __future__ import annotations

import json
import subprocess

import pytest
from tests.integration.restic_copy.kept import Kept

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic import Restic
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_copy import (
    copy_to,
    find_copies,
    joined,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_repository import ResticTool
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import PreconditionError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository.registry import (
    open_repository,
    read_entry,
)


@pytest.fixture(scope="module")
def second(origin: Kept) -> Kept:
    return Kept(origin.root, "second").create("the second example passphrase")


def test_a_copy_that_was_broken_off_is_none(origin: Kept, second: Kept) -> None:
    source = origin.keeper()
    record = source.listing().records[0]
    tool = second.keeper().tool
    given = {"RESTIC_FROM_REPOSITORY": str(origin.place), "RESTIC_FROM_PASSWORD_FILE": str(origin.root / "origin.key")}
    subprocess.run(["restic", "copy", record.id], env={**tool.environment, **given}, check=True, capture_output=True)
    there = second.keeper()
    assert find_copies(source, there, [record]) == {}
    assert [each.is_usable for each in there.listing().records] == [False]


def test_a_copy_is_the_same_with_its_record_and_its_chain_and_is_not_made_twice(origin: Kept, second: Kept) -> None:
    source = origin.keeper()
    records = source.listing().records
    # What the second builds on comes with it.
    copy_to(source, second.keeper(), records[1:])
    there = second.keeper()
    copies = find_copies(source, there, records)
    assert set(copies) == {record.id for record in records}
    listed = {record.id: record for record in there.listing().records}
    assert set(listed) == set(copies.values()) and not set(copies) & set(listed)
    examined = there.examine(list(listed.values()))
    for record in records:
        copy = listed[copies[record.id]]
        assert copy.is_usable and copy.size_bytes == record.size_bytes and copy.stopped_at == record.stopped_at
        assert copy.chain == [copies[name] for name in record.chain]
        assert there.content(copy) == source.content(record)
        assert examined[copy.id].errors == []
    before = sorted(file.name for file in (second.place / "snapshots").iterdir())
    copy_to(source, there, records)
    assert sorted(file.name for file in (second.place / "snapshots").iterdir()) == before


def test_a_copy_of_a_copy_is_known_as_one(origin: Kept, second: Kept) -> None:
    source, middle = origin.keeper(), second.keeper()
    records = source.listing().records
    third = Kept(origin.root, "third").create("the third example passphrase").keeper()
    copy_to(middle, third, middle.listing().records)
    assert len(find_copies(middle, third, middle.listing().records)) == len(find_copies(source, third, records)) == 2


def test_stores_with_credentials_of_their_own_are_refused_with_the_way_that_works() -> None:
    one, two = (
        Restic({"RESTIC_REPOSITORY": f"s3:{name}", "RESTIC_PASSWORD": name, "AWS_ACCESS_KEY_ID": name}, Deadline(1))
        for name in ("one", "two")
    )
    with pytest.raises(PreconditionError, match="AWS_ACCESS_KEY_ID.*take backups into both"):
        joined(one, two, "copy")
    disk = Restic({"RESTIC_REPOSITORY": "/disk", "RESTIC_PASSWORD": "disk"}, Deadline(1))
    both = joined(one, disk, "copy").environment
    assert (both["RESTIC_REPOSITORY"], both["RESTIC_FROM_REPOSITORY"]) == ("/disk", "s3:one")
    assert (both["RESTIC_PASSWORD"], both["RESTIC_FROM_PASSWORD"]) == ("disk", "one")
    assert both["AWS_ACCESS_KEY_ID"] == "one"


def test_a_copy_is_begun_like_its_original_so_that_both_cut_files_at_the_same_places(origin: Kept) -> None:
    like = Kept(origin.root, "like").configure("the third example passphrase")
    entry = {"name": "like", "number": 2, "filesystem": {"path": str(like.place)}, "copy_of": "origin"}
    repository = open_repository(read_entry("like", entry))
    ResticTool(
        repository, stanza="papers", configuration_file=str(like.configuration_file), deadline=Deadline(60)
    ).initialise()
    cut = [each.keeper().tool.run("cat", "config").stdout for each in (origin, like)]
    polynomials = [json.loads(text[text.index("{") :])["chunker_polynomial"] for text in cut]
    assert polynomials[0] == polynomials[1]
