# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the methods of fencing, once."""

from __future__ import annotations


class ModuleDocFragment:
    """Every way to cut a site off."""

    DOCUMENTATION = r"""
options:
  method:
    description:
      - How to cut the site off. Exactly one method must be given.
    type: dict
    required: true
    suboptions:
      service:
        description:
          - The database is stopped for certain, does not start at boot, and can come up as a standby only (level 2).
          - Runs on the database host as the owner of the data.
        type: dict
        suboptions:
          engine:
            description: The database of this host. Exactly one engine must be given.
            type: dict
            required: true
            suboptions:
              postgresql:
                description: A PostgreSQL cluster.
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
                    description: The database of the application. Not needed here.
                    type: str
                  stanza:
                    description: The name of its backups. Not needed here.
                    type: str
                  data_directory:
                    description: Where its data lies. V(/var/lib/postgresql/VERSION/CLUSTER) when not given.
                    type: path
                  configuration_directory:
                    description:
                      - Where C(postgresql.conf) and C(start.conf) lie.
                      - V(/etc/postgresql/VERSION/CLUSTER) when not given.
                    type: path
                  socket_directory:
                    description: Where its socket lies. V(/var/run/postgresql) when not given.
                    type: path
      path:
        description:
          - On this host every packet to the databases' port is rejected, those of open connections too, and it is seen
            that a connection is refused.
          - Runs as root on every place that could write. A database's own host is none; nobody is cut off from itself.
          - One place alone has level 0; join the proofs of at least two
            with P(gogidix.disaster_recovery.joined_fence_proof#filter) for level 1.
        type: dict
        suboptions:
          addresses:
            description: The IPv4 addresses of the site's databases.
            type: list
            elements: str
            required: true
          port:
            description: Their port.
            type: int
            default: 5432
      power:
        description:
          - The site is switched off by something outside of it, and that says that the site and each of its hosts
            are off (level 3).
          - Runs wherever the power switch can be reached from.
        type: dict
        suboptions:
          redfish:
            description: A Redfish service whose systems are named as the sites and the hosts.
            type: dict
            required: true
            suboptions:
              url:
                description: Its address, with https.
                type: str
                required: true
              user:
                description: Its user.
                type: str
                required: true
              password:
                description: The password.
                type: str
                required: true
              ca_file:
                description: The authority that signed its certificate; the system's authorities when not given.
                type: path
"""
