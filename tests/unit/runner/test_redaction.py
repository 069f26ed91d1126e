# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets are cut out before anything is stored."""

from __future__ import annotations

import pytest

from gogidix_recovery_runner.execution.redaction import MASK, Redactor

SECRET = "correct-horse"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"it is {SECRET}!", f"it is {MASK}!"),
        ("postgresql://ada:example@host/db", f"postgresql://ada:{MASK}@host/db"),
        ("db_password=example-1 next", f"db_password={MASK} next"),
        ('"secret_key": "a b c", "x": 1', f'"secret_key": {MASK}, "x": 1'),
        ("\x1b[0;31mred\x1b[0m\x00", "red"),
        ("the passage is free", "the passage is free"),
    ],
)
def test_texts_lose_their_secrets_and_nothing_else(text: str, kept: str) -> None:
    assert Redactor([SECRET]).text(text) == kept


def test_values_under_telling_names_are_masked_at_every_depth() -> None:
    value = {"a": [{"api_key": "example"}], "passphrase": 12345, "no_password": False, SECRET: SECRET}
    assert Redactor([SECRET]).value(value) == {
        "a": [{"api_key": MASK}],
        "passphrase": MASK,
        "no_password": False,
        MASK: MASK,
    }


def test_of_two_secrets_the_longer_one_is_cut_whole() -> None:
    assert Redactor(["horse", "horseback"]).text("on horseback") == f"on {MASK}"


def test_a_number_that_is_secret_is_masked_too() -> None:
    assert Redactor(["424242"]).value({"n": 424242, "m": 4242}) == {"n": MASK, "m": 4242}
