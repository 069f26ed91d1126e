# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the database engines, once."""

from __future__ import annotations


class ModuleDocFragment:
    """Every module about a database takes its engine in the same form."""

    DOCUMENTATION = r"""
options:
  engine:
    description:
      - The database of this host. Exactly one engine must be given.
    type: dict
    required: true
    suboptions:
      postgresql:
        description:
          - A PostgreSQL cluster. The module runs as the owner of its data directory, usually C(postgres).
        type: dict
        suboptions:
          version:
            description: The major version.
            type: int
            required: true
          cluster:
            description: The name of the cluster. V(main) when not given.
            type: str
          port:
            description: The port it listens on. V(5432) when not given.
            type: int
          database:
            description: The database of the application. Not needed here, so that one value serves every module.
            type: str
          stanza:
            description: The name of its backups. Not needed here, so that one value serves every module.
            type: str
          data_directory:
            description: Where its data lies. V(/var/lib/postgresql/VERSION/CLUSTER) when not given.
            type: path
          configuration_directory:
            description:
              - Where C(postgresql.conf) and C(start.conf) lie. V(/etc/postgresql/VERSION/CLUSTER) when not given.
            type: path
          socket_directory:
            description: Where its socket lies. V(/var/run/postgresql) when not given.
            type: path
requirements:
  - psycopg2
"""
