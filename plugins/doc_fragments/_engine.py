# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options that every verb on backups takes, and one paragraph per engine."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  engine:
    description:
      - What is backed up, and by which tool. Give exactly one of its suboptions.
    type: dict
    required: true
    suboptions:
      postgresql:
        description:
          - A PostgreSQL cluster, backed up by pgBackRest 2.45 or newer. Run the module as the user who may read
            pgBackRest's configuration, C(postgres) on a database host, C(pgbackrest) on a repository host.
        type: dict
        suboptions:
          version:
            description: The major version.
            type: int
            required: true
          cluster:
            description: The name of the cluster.
            type: str
            default: main
          port:
            description: The port it listens on.
            type: int
            default: 5432
          database:
            description: The database of the application, which questions to a restored copy are put to.
            type: str
          stanza:
            description: The name of its backups in pgBackRest's configuration.
            type: str
            required: true
          data_directory:
            description: Where its data lies. V(/var/lib/postgresql/VERSION/CLUSTER) when not given.
            type: path
          configuration_directory:
            description: Where its C(postgresql.conf) lies. V(/etc/postgresql/VERSION/CLUSTER) when not given.
            type: path
          binary_directory:
            description: Where its programs lie. V(/usr/lib/postgresql/VERSION/bin) when not given.
            type: path
          socket_directory:
            description: Where its socket lies. V(/var/run/postgresql) when not given.
            type: path
          wal_segment_bytes:
            description: The size of a piece of its transaction log, as it was created with.
            type: int
            default: 16777216
  configuration_file:
    description:
      - The configuration of the backup tool, which holds the secrets of the repository.
      - For O(engine.postgresql) it is V(/etc/pgbackrest/pgbackrest.conf) when not given.
    type: path
  jobs:
    description: How many processes the tool may use. What its configuration says when not given.
    type: int
  deadline:
    description: After how many seconds the module gives up, ends what it started, and says what it waited for.
    type: float
    default: 3600
  trust_directory:
    description:
      - Where evidence about backups is kept on this host. Losing it fails nothing, it takes the trust in every backup
        back to C(taken).
    type: path
    default: /var/lib/recovery/trust
"""
