# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of a repository: one paragraph per kind."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  repository:
    description:
      - Where the backups live, an entry of C(recovery_repositories) with its key as O(repository.name). Give exactly
        one of O(repository.filesystem), O(repository.repository_host) and O(repository.s3).
      - Secrets are accepted, so that an entry can be passed as it stands, and not used. The tool reads them from its
        own configuration.
    type: dict
    required: true
    suboptions:
      name:
        description: Its key in C(recovery_repositories).
        type: str
        required: true
      number:
        description: Its number in the configuration of the tool, 1 for C(repo1).
        type: int
        required: true
      cipher_passphrase:
        description: Given, the module fails when the tool writes the repository in clear.
        type: str
      retention_full:
        description: How many full backups the tool keeps, as its configuration says. Not used.
        type: int
      filesystem:
        description: A directory of this host, a local disk or a mounted share.
        type: dict
        suboptions:
          path:
            description: The directory.
            type: path
            required: true
      repository_host:
        description: A host that keeps the backups of others, reached by the tool over ssh.
        type: dict
        suboptions:
          host:
            description: Its name or address.
            type: str
            required: true
          port:
            description: The port of its ssh server.
            type: int
            default: 22
          user:
            description: The user who owns the backups there.
            type: str
            default: pgbackrest
          path:
            description: The directory there.
            type: path
            required: true
      s3:
        description: A bucket of an object store that speaks S3.
        type: dict
        suboptions:
          endpoint:
            description: The name of the object store.
            type: str
            required: true
          port:
            description: Its port.
            type: int
            default: 443
          bucket:
            description: The bucket.
            type: str
            required: true
          region:
            description: Its region.
            type: str
            required: true
          path:
            description: The path inside the bucket.
            type: str
            default: /
          uri_style:
            description: Whether the bucket's name stands in the host's name or in the path.
            type: str
            choices: [host, path]
            default: host
          ca_file:
            description: The certificate authority of the object store, when it is not a public one.
            type: path
          access_key:
            description: The key's name. Not used.
            type: str
          secret_key:
            description: The key's secret. Not used.
            type: str
"""
