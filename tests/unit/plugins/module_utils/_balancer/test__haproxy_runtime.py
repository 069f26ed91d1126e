# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What HAProxy says, turned into states."""

from __future__ import annotations

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._balancer._haproxy_runtime import (
    parse_state,
    state_file_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import BalancerError

HEADER = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight"
    " srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state"
    " bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord\n"
)


def line(admin_state: int, op_state: int = 2) -> str:
    return f"3 storefront 1 app1 10.10.1.21 {op_state} {admin_state} 1 1 9 6 3 4 6 0 0 0 - 8080 -\n"


@pytest.mark.parametrize(
    ("admin_state", "state"), [(0, "ready"), (1, "maint"), (4, "maint"), (8, "drain"), (9, "maint"), (32, "maint")]
)
def test_the_bits_of_the_administrative_state_are_read(admin_state: int, state: str) -> None:
    server = parse_state(HEADER + line(admin_state), "a test")["storefront/app1"]
    assert (server.state, server.up, server.address) == (state, True, "10.10.1.21:8080")


def test_a_server_that_does_not_run_is_not_up() -> None:
    assert parse_state(HEADER + line(0, op_state=0), "a test")["storefront/app1"].up is False


@pytest.mark.parametrize("text", ["", "Unknown command.", "2\n# be_id something newer\n", "Permission denied\n\n"])
def test_an_unknown_form_is_an_error_and_not_an_empty_list(text: str) -> None:
    with pytest.raises(BalancerError, match="unknown form"):
        parse_state(text, "a test")


def test_the_file_that_a_configuration_loads_is_found() -> None:
    configuration = (
        "global\n  server-state-file /var/lib/haproxy/state\ndefaults\n  load-server-state-from-file global\n"
    )
    assert state_file_of(configuration) == "/var/lib/haproxy/state"
    based = configuration.replace("/var/lib/haproxy/state", "state") + "global\n  server-state-base /srv/states/\n"
    assert state_file_of(based) == "/srv/states/state"


@pytest.mark.parametrize("missing", ["server-state-file", "load-server-state-from-file"])
def test_half_a_configuration_loads_nothing(missing: str) -> None:
    configuration = "  server-state-file /var/lib/haproxy/state\n  load-server-state-from-file global\n"
    assert state_file_of(configuration.replace(f"  {missing}", f"  # {missing}")) is None
