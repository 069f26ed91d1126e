# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the load balancer family that say what is meant: one paragraph per provider."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - psycopg2, for O(balancer.pgbouncer)
options:
  balancer:
    description:
      - The load balancer or connection pooler on this host, and what it serves; give exactly one of its suboptions.
    type: dict
    required: true
    suboptions:
      haproxy:
        description:
          - Servers of HAProxy 2.4 or newer, by its runtime API.
        type: dict
        suboptions:
          socket:
            description: The path of the unix socket of the runtime API, with level admin.
            type: path
            required: true
          master_socket:
            description:
              - The path of the socket of the master process. With it, the workers of before a reload that still serve
                their last sessions are told too, and their sessions count.
            type: path
          state_file:
            description: The server state file, from which a reload restores what was decided at run time.
            type: path
            required: true
          configuration_file:
            description:
              - The configuration of HAProxy. When given, it must load O(balancer.haproxy.state_file), because a state
                that the next reload forgets is no state.
            type: path
          backends:
            description: The backends whose servers are meant.
            type: list
            elements: str
            required: true
          servers:
            description: The servers that are meant in each of the backends; all of them by default.
            type: list
            elements: str
      pgbouncer:
        description:
          - One entry of PgBouncer 1.18 or newer, by its databases file and its console.
        type: dict
        suboptions:
          host:
            description: The address of the pooler, or the directory of its unix socket.
            type: str
            default: 127.0.0.1
          port:
            description: The port of the pooler.
            type: int
            default: 6432
          admin_user:
            description: A user of the pooler's C(admin_users).
            type: str
            required: true
          admin_password:
            description: The password of this user.
            type: str
          databases_file:
            description:
              - The file with the entries, which the pooler's configuration includes by C(%include). Only the entry is
                rewritten in it.
            type: path
            required: true
          entry:
            description: The name of the entry, under which clients connect.
            type: str
            required: true
  deadline_seconds:
    description:
      - How long the whole call may take to reach what is wanted.
    type: float
    default: 10
"""
