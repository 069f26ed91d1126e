# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filters over a protection group do with what the controller hands them."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.filter.protection_group import FilterModule


class Templated(dict[str, Any]):
    """A mapping as the controller's templating makes it: its copy would hold every variable of the run."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        raise AssertionError("every variable of the run is copied")


def test_what_is_backed_up_is_found_without_a_copy_of_every_variable() -> None:
    repositories = Templated(
        vault=Templated(number=1, repository_host=Templated(host="store1", path="/vault"), encrypted=False)
    )
    databases = Templated(
        orders=Templated(engine=Templated(postgresql=Templated(stanza="orders")), hosts=Templated(here="db1"))
    )
    targets = FilterModule().filters()["backup_targets"](databases, repositories)
    assert [(target["taken_on"], target["repository"]["name"]) for target in targets] == [("store1", "vault")]
