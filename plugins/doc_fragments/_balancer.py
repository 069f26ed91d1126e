# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the load balancer family: for each provider, what is meant and what it should be.

Ansible replaces an option of a fragment as a whole, so both variants are put together here from the same paragraphs.
"""

from __future__ import annotations

HAPROXY = """requirements:
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
"""

HAPROXY_STATE = """          state:
            description:
              - V(ready) takes traffic, V(drain) takes no new sessions, V(maint) takes none at all.
            type: str
            choices: [ready, drain, maint]
            required: true
          drain_seconds:
            description:
              - How long sessions may end by themselves with V(drain) and V(maint); after that they are shut.
            type: float
            default: 5
          wait_until_up:
            description:
              - With V(ready), whether to wait until HAProxy's own health checks find the servers up.
            type: bool
            default: true
"""

PGBOUNCER = """      pgbouncer:
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
"""

PGBOUNCER_STATE = """          database_host:
            description: The address of the database host to which the entry points.
            type: str
          database_port:
            description: The port of the database there; by default it stays as it is.
            type: int
          database_name:
            description: The name of the database there; by default it stays as it is.
            type: str
          stage:
            description:
              - Only write the databases file, so that the next reload, whoever asks for it, takes it over. For use just
                before a switchover, which reloads between its own pause and resume.
            type: bool
            default: false
          drop_sessions:
            description:
              - Also end every session of the entry after it points elsewhere. For a database that is gone without a
                word, whose sessions would otherwise hang until the network gives them up.
            type: bool
            default: false
          state:
            description:
              - V(paused) holds new transactions once the running ones have ended, V(active) lets them flow.
              - A pause that is not reached within O(deadline_seconds) is resumed before the module fails, naming the
                sessions that kept it.
              - The traffic stays held until somebody resumes it; nothing does so by itself.
            type: str
            choices: [active, paused]
"""

DEADLINE = """  deadline_seconds:
    description:
      - How long the whole call may take to reach what is wanted.
    type: float
    default: 10
"""


class ModuleDocFragment:
    # What is meant: for modules that only look.
    DOCUMENTATION: str = HAPROXY + PGBOUNCER + DEADLINE

    # What is meant, and what it should be.
    FAILOVER: str = HAPROXY + HAPROXY_STATE + PGBOUNCER + PGBOUNCER_STATE + DEADLINE
