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
        one of O(repository.azure), O(repository.filesystem), O(repository.gcs), O(repository.nfs),
        O(repository.repository_host), O(repository.s3), O(repository.sftp) and O(repository.tape).
      - Secrets are accepted, so that an entry can be passed as it stands. They are not needed, since the tool reads
        them from its own configuration.
    type: dict
    required: true
    suboptions:
      name:
        description: Its key in C(recovery_repositories).
        type: str
        required: true
      number:
        description: Its number in the configuration of pgBackRest, 1 for C(repo1).
        type: int
        required: true
      encrypted:
        description:
          - Whether everything in it is encrypted before it leaves the host. When it is, the module fails where the tool
            writes it in clear.
          - With V(false) pgBackRest writes in clear. restic always encrypts.
        type: bool
        default: true
      cipher_passphrase:
        description: The passphrase that opens it, from a vault. Give it in exactly one of the three ways.
        type: str
      cipher_passphrase_file: {description: "A file on the controller with the passphrase and a newline.", type: str}
      cipher_passphrase_env: {description: "An environment variable of the controller that holds it.", type: str}
      key_id:
        description:
          - The name under which its passphrase is escrowed. It stands in the record of every backup. Without one
            O(repository.name) does, and the plans C(repositories) and C(policy) fail, for nobody has said that the
            passphrase is escrowed at all. Nothing is derived from the passphrase.
        type: str
        default: ""
      retention:
        description:
          - Which backups are kept here. Only what removes backups reads it.
        type: dict
        suboptions:
          keep_last: {description: "The newest backups, so many of them.", type: int}
          keep_days: {description: "The backups that ended within this many days before the newest one.", type: int}
          daily: {description: "The last backup of each of the newest days, so many of them.", type: int}
          weekly: {description: "The same by week.", type: int}
          monthly: {description: "The same by month.", type: int}
          yearly: {description: "The same by year.", type: int}
          minimum_proven: {description: "So many of the newest proven ones stay whatever else is said.", type: int}
      retention_full:
        description: How many full backups pgBackRest keeps by itself. It keeps all where a C(retention) decides.
        type: int
      site: {description: "Where it is: a key of C(recovery_sites), or the name of another place.", type: str}
      offsite: {description: "Whether it is elsewhere than what is backed up into it.", type: bool, default: false}
      medium:
        description: What it is made of, when that is not what its kind is usually made of.
        type: str
        choices: [disk, object, tape]
      immutable:
        description:
          - Whether what is written there cannot be removed for a time, not even by whoever wrote it. What is declared
            here is compared with what the place itself says.
        type: bool
        default: false
      copy_of:
        description:
          - The repository of which it holds copies. No backup is taken into it. The plan C(copy_backups) fills it.
          - pgBackRest knows such a repository by a configuration of its own, in C(/etc/pgbackrest/copies).
        type: str
      azure:
        description:
          - A container of Azure Blob Storage. restic reaches it at port 443 by the name of the account alone, and an
            O(repository.azure.endpoint) other than the default needs restic 0.16 or newer.
        type: dict
        suboptions:
          account: {description: "The storage account.", type: str, required: true}
          container: {description: "The container.", type: str, required: true}
          endpoint:
            description: The name of the service, without the account.
            type: str
            default: blob.core.windows.net
          port:
            description: Its port.
            type: int
            default: 443
          path:
            description: The path inside the container.
            type: str
            default: /
          uri_style:
            description: Whether the account's name stands in the host's name or in the path.
            type: str
            choices: [host, path]
            default: host
          ca_file:
            description: The certificate authority of the service, when it is not a public one.
            type: path
          account_key:
            description: A key of the account.
            type: str
          sas_token:
            description: A shared access signature, in the place of a key.
            type: str
      filesystem:
        description: A directory of this host, a local disk or a mounted share.
        type: dict
        suboptions:
          path:
            description: The directory.
            type: path
            required: true
      gcs:
        description:
          - A bucket of Google Cloud Storage. restic reaches the public service alone.
        type: dict
        suboptions:
          bucket:
            description: The bucket.
            type: str
            required: true
          project:
            description: The project, which only restic wants to know.
            type: str
          endpoint:
            description: The name of the service.
            type: str
            default: storage.googleapis.com
          port:
            description: Its port.
            type: int
            default: 443
          path:
            description: The path inside the bucket.
            type: str
            default: /
          ca_file:
            description: The certificate authority of the service, when it is not a public one.
            type: path
          key_file:
            description: The key file of a service account, on the host that backs up.
            type: path
          access_token:
            description: A token, in the place of a key file. It expires within hours.
            type: str
      nfs:
        description:
          - A directory of a network share. It must be mounted, writable, and of one of
            O(repository.nfs.filesystem_types), else nothing is written there.
        type: dict
        suboptions:
          path:
            description: The directory, on the share itself or below it, not by way of a symbolic link.
            type: path
            required: true
          server:
            description: The server that the share must be from. Given with O(repository.nfs.export), both are compared.
            type: str
          export:
            description: What the server exports.
            type: str
          filesystem_types:
            description: What the kernel may call a file system that is mounted there.
            type: list
            elements: str
            default: [nfs, nfs4]
      repository_host:
        description:
          - A host that keeps the backups of others, reached by pgBackRest over ssh. For restic use O(repository.sftp).
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
            description: The key's name.
            type: str
          secret_key:
            description: The key's secret.
            type: str
      sftp:
        description:
          - A directory of a host that has an ssh server and needs nothing else. restic uses it by itself, pgBackRest
            from 2.46 on. With an older one use O(repository.repository_host).
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
            description: The user there.
            type: str
            required: true
          path:
            description: The directory there.
            type: path
            required: true
          identity_file:
            description: The private key, on the host that backs up.
            type: path
            required: true
          known_hosts_file:
            description: A file with the host's key, on the host that backs up. Another key is refused.
            type: path
            required: true
      tape:
        description:
          - A tape drive. No engine backs up to it. It takes copies of other repositories. Unproven on hardware.
        type: dict
        suboptions:
          device:
            description: The drive, or a file in its place.
            type: path
            required: true
          block_bytes:
            description: The size of a block, a multiple of 512.
            type: int
            default: 262144
          changer:
            description: The changer, by which C(mtx) puts tapes into the drive. Without it a person does.
            type: path
          slot:
            description: The slot of the changer that holds the tape; needed with O(repository.tape.changer).
            type: int
          drive:
            description: The number of the drive in the changer.
            type: int
            default: 0
          catalogue_directory:
            description: Where this host keeps a row and a manifest for every tape.
            type: path
            default: /var/lib/recovery/tape
"""
