# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases file of PgBouncer: one entry changes, the rest stays to the letter."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._pooler_file import (
    EntryTarget,
    target_of,
    with_target,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError, PreconditionError

FILE = """; written by the role
[databases]
reports = host=10.10.1.11 port=5432 dbname=storefront pool_size=2
storefront = host=10.10.1.11 port=5432 dbname=storefront application_name='the shop' password='it''s'
"odd name" = host=10.10.1.11
* = host=10.10.1.99
"""
DUBLIN = EntryTarget("10.20.1.11", 5432, "storefront")


def test_only_the_entry_changes() -> None:
    written = with_target(FILE, "storefront", DUBLIN).splitlines()
    former = FILE.splitlines()
    assert written[:3] == former[:3] and written[4:] == former[4:]
    assert written[3] == (
        "storefront = host=10.20.1.11 port=5432 dbname=storefront application_name='the shop' password='it''s'"
    )


def test_pointing_there_and_back_restores_the_text() -> None:
    assert with_target(with_target(FILE, "storefront", DUBLIN), "storefront", target_of(FILE, "storefront")) == FILE


def test_what_was_left_out_is_added() -> None:
    written = with_target(FILE, "odd name", EntryTarget("10.20.1.11", 6000, "other"))
    assert target_of(written, "odd name") == EntryTarget("10.20.1.11", 6000, "other")
    assert '"odd name" = ' in written


def test_the_name_of_the_database_is_the_name_of_the_entry_by_default() -> None:
    assert target_of("shop = host=10.0.0.1", "shop") == EntryTarget("10.0.0.1", 5432, "shop")


def test_an_unknown_entry_is_named_with_those_that_exist() -> None:
    with pytest.raises(InputError, match="reports, storefront"):
        target_of(FILE, "shop")


@pytest.mark.parametrize("line", ["shop = host", "shop = host=10.0.0.1 password='open", "shop = host=10.0.0.1 =x"])
def test_what_is_not_understood_is_never_rewritten(line: str) -> None:
    with pytest.raises(PreconditionError, match="column"):
        with_target(line, "shop", DUBLIN)
