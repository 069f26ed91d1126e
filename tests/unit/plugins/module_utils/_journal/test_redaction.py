# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._journal.redaction import (
    is_secret_name,
    without_secrets,
)

CANARY = "canary-7f3e"
NAMES = st.sampled_from(
    ["password", "db_password", "key_secret", "api_token", "passphrase", "AccessKey", "private_key"]
)
INNOCENT = st.sampled_from(["site", "level", "key_name", "zone", "lsn"])
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
VALUES = st.recursive(
    PLAIN | st.dictionaries(NAMES, st.just(CANARY), max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNOCENT, inner, max_size=3),
    max_leaves=20,
)


@given(VALUES)
def test_nothing_under_a_secret_name_survives_however_deep(value: object) -> None:
    assert CANARY not in json.dumps(without_secrets(value))


@given(VALUES)
def test_removing_secrets_twice_changes_nothing_more(value: object) -> None:
    once = without_secrets(value)
    assert without_secrets(once) == once


def test_names_of_things_that_are_no_secret_are_kept() -> None:
    assert not any(map(is_secret_name, ["key_name", "site", "system_identifier", "passed", "loss", "objectives"]))


def test_secrets_inside_texts_are_covered() -> None:
    text = "password=canary-1 postgresql://recovery:canary-2@10.0.0.1/x --api-token: canary-3, token='canary 4'"
    assert "canary" not in without_secrets(text)


def test_an_over_long_text_keeps_its_two_ends() -> None:
    cut = without_secrets("a" * 3000 + "b" * 3000)
    assert len(cut) < 4200 and cut.startswith("aaa") and cut.endswith("bbb")
