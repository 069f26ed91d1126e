# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records as text: what goes out is what is read back."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns._query import (
    canonical_name,
    canonical_record,
    rdata_of,
    value_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._dns.base import RecordKey
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError

TEXT = RecordKey("note.storefront.example.", "TXT")


@pytest.mark.parametrize("text", ["plain", 'with "quotes"', "back\\slash", "semi;colon", "x" * 600, "M\u00fcnchen"])
def test_text_survives_the_way_out_and_back(text: str) -> None:
    assert value_of(rdata_of(TEXT, text)) == text


def test_names_are_absolute_and_in_lower_case() -> None:
    assert canonical_name("Shop.Storefront.Example") == "shop.storefront.example."


def test_values_have_one_order_and_no_doubles() -> None:
    key = RecordKey("shop.storefront.example.", "A")
    record = canonical_record(key, 5, ["10.0.0.2", "10.0.0.1", "10.0.0.2"])
    assert record.values == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize(
    ("record_type", "value"), [("A", "10.0.0.256"), ("AAAA", "10.0.0.1"), ("CNAME", "relative"), ("A", "")]
)
def test_a_malformed_value_is_named(record_type: str, value: str) -> None:
    with pytest.raises(InputError):
        rdata_of(RecordKey("shop.storefront.example.", record_type), value)


def test_a_malformed_name_is_named() -> None:
    with pytest.raises(InputError, match=r"a\.\.b"):
        canonical_name("a..b")
