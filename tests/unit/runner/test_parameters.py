# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's own argument specs are the schema of the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from gogidix_recovery_runner.errors import InvalidConfiguration, InvalidInput
from gogidix_recovery_runner.execution.values_file import as_yaml
from gogidix_recovery_runner.inventories import Inventory, described
from gogidix_recovery_runner.parameters import check_parameters, masked, read_specs, schema_of, secrets_of
from gogidix_recovery_runner.plans import PLANS
from gogidix_recovery_runner.settings import Settings, read_settings

ROOT = Path(__file__).parents[3]
SITES = {"north": {"environment": "lab"}, "south": {"environment": "production"}}


@pytest.fixture
def settings() -> Settings:
    return read_settings({"DISASTER_RECOVERY_PROJECT_DIRECTORY": str(ROOT)})


@pytest.fixture
def inventory() -> Inventory:
    variables = {"recovery_group": "shop", "recovery_sites": SITES, "recovery_databases": {"orders": {}}}
    return described("small", ROOT, {"db1": variables, "db2": variables})


def test_every_plan_of_the_service_is_declared_by_the_collection(settings: Settings) -> None:
    assert set(PLANS) <= set(read_specs(settings))


def test_a_failover_is_asked_for_its_sites_and_not_for_what_the_inventory_says(
    settings: Settings, inventory: Inventory
) -> None:
    schema = schema_of(read_specs(settings)["failover"], inventory)
    assert schema["required"] == ["recovery_source_site", "recovery_target_site"]
    assert schema["properties"]["recovery_target_site"]["enum"] == ["north", "south"]
    assert "recovery_group" not in schema["properties"]


def test_names_of_sites_hosts_and_databases_are_enumerated(inventory: Inventory) -> None:
    options = {"recovery_drill_host": {"type": "str"}, "recovery_restore_database": {"type": "str", "required": True}}
    properties = schema_of(options, inventory)["properties"]
    assert properties["recovery_drill_host"]["enum"] == ["db1", "db2", ""]
    assert properties["recovery_restore_database"]["enum"] == ["orders"]


def test_lists_are_checked_item_by_item(inventory: Inventory) -> None:
    schema = schema_of({"names": {"type": "list", "elements": "str"}}, inventory)
    with pytest.raises(InvalidInput) as error:
        check_parameters({"names": ["a", 2, "{{ 3 }}"]}, schema, inventory)
    assert [found["field"] for found in error.value.extra["errors"]] == ["parameters.names.2", "parameters.names.1"]


def test_a_secret_is_known_as_one_and_never_shown(inventory: Inventory) -> None:
    schema = schema_of({"key": {"type": "str", "no_log": True}, "plain": {"type": "str"}}, inventory)
    given = {"key": "example-secret", "plain": "text"}
    assert secrets_of(given, schema) == ["example-secret"]
    assert masked(given, schema) == {"key": "********", "plain": "text"}


def test_every_text_is_tagged_unsafe_and_numbers_are_not() -> None:
    lines = as_yaml({"a": "{{ b }}", "c": 3, "d": ["e", {"f": "g: !x"}], "h": True}).splitlines()
    assert lines == ['a: !unsafe "{{ b }}"', "c: 3", "d:", '- !unsafe "e"', '- f: !unsafe "g: !x"', "h: true"]


def test_one_production_site_makes_the_inventory_production(inventory: Inventory) -> None:
    assert inventory.environment == "production"


@pytest.mark.parametrize("variables", [{}, {"recovery_group": "{{ x }}"}, {"recovery_group": "shop"}])
def test_an_inventory_without_a_plain_group_and_sites_is_not_usable(variables: dict[str, str]) -> None:
    with pytest.raises(InvalidConfiguration, match="recovery_"):
        described("broken", ROOT, {"db1": dict(variables)})
