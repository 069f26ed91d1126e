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
      files:
        description:
          - Files and directories of a host, backed up by restic 0.14 or newer. Run the module as the user who may read
            them, mostly C(root).
          - For the state of an application, hold it still with O(engine.files.hooks). Redis, for one, is quiesced by
            writing its data file with C(redis-cli -e save), and that file is one of the paths.
          - Sockets, and flags of the file system such as immutable, are not kept; a restore tells them. Owners, modes,
            times, hard links, symbolic links, fifos, devices, extended attributes, access lists and capabilities are.
            restic 0.14 fills the holes of sparse files, so a restore needs their whole size for a moment; the holes
            are dug again afterwards.
        type: dict
        suboptions:
          stanza:
            description: The name under which its backups are kept.
            type: str
            required: true
          paths:
            description: Absolute paths of what is backed up, none of them inside another.
            type: list
            elements: str
            required: true
          excludes:
            description:
              - What is left out. A pattern with a slash in front begins at the root, any other matches anywhere.
                C(*), C(?) and C([]) stay inside one name, C(**) stands for any number of names.
            type: list
            elements: str
            default: []
          kind:
            description: What the files are, for a person and for the policies.
            type: str
            choices: [filesystem, configuration, application_state, logs]
            default: filesystem
          host:
            description: The host that the files are of, which a restore in place confirms. Its own name when not given.
            type: str
          one_file_system:
            description: Whether other file systems that are mounted below a path are left out and told, or read too.
            type: bool
            default: true
          on_change:
            description: What happens when a file changes while it is read. V(report) says that it is not consistent.
            type: str
            choices: [report, fail]
            default: report
          unreadable:
            description: What happens when something cannot be read. V(partial) records what is not in the backup.
            type: str
            choices: [fail, partial]
            default: fail
          manifest:
            description:
              - What a restored copy is compared with besides restic's own checksums. V(hashes) reads every file twice.
            type: str
            choices: [metadata, hashes]
            default: metadata
          collect:
            description:
              - What is written down of the host and backed up with the paths, in a directory below
                O(engine.files.staging_directory). V(packages) are those of dpkg with their versions, V(enabled_units)
                what starts by itself, V(unit_files) the units in C(/etc/systemd/system).
            type: list
            elements: str
            choices: [enabled_units, packages, unit_files]
            default: []
          hooks:
            description:
              - Programs with their arguments that hold an application still while it is read. No shell is between.
            type: dict
            suboptions:
              quiesce:
                description: Runs before the first look at the files, some of which it may write, and has to end with 0.
                type: list
                elements: str
                default: []
              release:
                description: Runs afterwards, however the backup ends, even when the quiesce itself failed or the module
                  was killed. It has to bear being run when nothing is held still.
                type: list
                elements: str
                default: []
          snapshot:
            description:
              - How the file system is frozen for the strategy C(snapshot). Give exactly one of its suboptions. The
                view is removed afterwards, however the backup ends. What this host cannot do is refused, and said why.
            type: dict
            suboptions:
              btrfs:
                description: A read-only snapshot of every subvolume that a path lies in.
                type: dict
                suboptions: {}
              lvm:
                description: A copy-on-write volume beside each logical volume. Not tried on real volumes.
                type: dict
                suboptions:
                  size:
                    description: How much may be written to the live volume meanwhile, as for C(lvcreate).
                    type: str
                    default: 10%ORIGIN
                  mount_directory:
                    description: Where the snapshots are mounted while they are read.
                    type: path
                    default: /run/recovery/snapshots
              zfs:
                description: A snapshot of every data set that a path lies in. Not tried on real data sets.
                type: dict
                suboptions: {}
          staging_directory:
            description: Where documents are written that are backed up with the paths, for this user only.
            type: path
            default: /var/lib/recovery/staging
      mariadb:
        description:
          - A MariaDB server of version 10.11 or newer, backed up by C(mariadb-backup) and its binary log, kept by
            restic 0.14 or newer. Run the module as root or as the user who owns the data, on the host of the server.
            The programs that touch data always run as O(engine.mariadb.user).
          - Strategy C(full) is all of the data, C(incremental) what changed since the newest backup, C(differential)
            what changed since the newest full one, C(transaction_log) every closed file of the binary log that the
            repository lacks. A chain that is broken, is of another C(server_id), or was abandoned by a restore in place
            is not built upon, and a full backup is taken instead.
          - The system identifier is the UUID that Aria gave the data directory when it was made, since MariaDB has none
            itself. A copy made by C(mariadb-backup), such as a replica, has the same one, data that was loaded from a
            dump has another.
          - MariaDB knows no timelines. Here a restore in place begins a new one, which the file C(recovery-history) in
            the data directory remembers, so that transactions from after the target are never replayed again. Replicas
            have to be made anew after it.
          - Encrypted tables and an encrypted binary log are refused, since the repository is encrypted itself.
        type: dict
        suboptions:
          version:
            description: The series of its version, as in V(10.11).
            type: str
            required: true
          stanza:
            description: The name under which its backups are kept.
            type: str
            required: true
          data_directory:
            description: Where its data lies.
            type: path
            default: /var/lib/mysql
          socket:
            description: Where its socket lies.
            type: path
            default: /run/mysqld/mysqld.sock
          port: {description: "The port it listens on.", type: int, default: 3306}
          defaults_file:
            description:
              - A file of options, readable for this user only, with the credentials to ask the server with. Not needed
                when the server knows the user who runs this by its socket. That account needs C(RELOAD), C(PROCESS),
                C(LOCK TABLES) and C(BINLOG MONITOR) for backups.
            type: path
          database:
            description: The database of the application, which questions to a restored copy are put to.
            type: str
          user:
            description: The user who owns the data and runs the server.
            type: str
            default: mysql
          binary_log:
            description:
              - The beginning of the path of its binary log files, as C(log_bin) has it, for a restore in place and for
                the log of a dead server. Keep it outside of the data directory. That of the backup when not given.
            type: path
          start_command:
            description:
              - The program with its arguments that starts the server after a restore in place, and returns. What it
                starts must not keep its standard output open. V([service, mariadb, start]) when not given, which needs
                root.
            type: list
            elements: str
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
          cluster: {description: "The name of the cluster.", type: str, default: main}
          port: {description: "The port it listens on.", type: int, default: 5432}
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
          socket_directory: {description: "Where its socket lies. V(/var/run/postgresql) when not given.", type: path}
          wal_segment_bytes:
            description: The size of a piece of its transaction log, as it was created with.
            type: int
            default: 16777216
      postgresql_dump:
        description:
          - One database of a PostgreSQL server, as an archive of C(pg_dump), with the roles of the server as
            C(pg_dumpall --globals-only) writes them, kept by restic 0.14 or newer. It is an extra beside
            O(engine.postgresql), a copy of one database that every newer version of PostgreSQL can load. It has no
            transaction log and so no moment but that of each dump, and both ways it is slower than a copy of the files.
          - Run the module as root or as O(engine.postgresql_dump.user), on the host of the server, which may be a
            standby. The programs of PostgreSQL always run as that user, whom the server knows by its socket as a
            superuser.
          - A dump is always a full one. With the strategies C(differential) and C(incremental) a full one is taken, and
            RV(ignore:notes) says so. It is not compressed by C(pg_dump), since restic compresses by itself and only
            then stores once what is alike in two dumps. Tablespaces are left out.
          - It is restored beside the live data only, as files, and loading them is yours to do.
        type: dict
        suboptions:
          version:
            description:
              - The major version of the server that is dumped, and of the one that a dump is loaded into for a trial.
                For a trial and a restore it may be newer than that of the dump.
            type: int
            required: true
          database:
            description: The database that is dumped, which questions to a restored copy are put to as well.
            type: str
            required: true
          stanza:
            description: The name under which its backups are kept.
            type: str
            required: true
          port: {description: "The port it listens on.", type: int, default: 5432}
          socket_directory: {description: "Where its socket lies. V(/var/run/postgresql) when not given.", type: path}
          binary_directory:
            description: Where its programs lie. V(/usr/lib/postgresql/VERSION/bin) when not given.
            type: path
          user:
            description: The user who runs the server, and a superuser of it by the same name.
            type: str
            default: postgres
  configuration_file:
    description:
      - The configuration of the backup tool, which holds the secrets of the repository.
      - For O(engine.postgresql) it is V(/etc/pgbackrest/pgbackrest.conf) when not given, and for a repository with
        C(copy_of) V(/etc/pgbackrest/copies/REPOSITORY.conf).
      - For O(engine.files), O(engine.mariadb) and O(engine.postgresql_dump) it is
        V(/etc/recovery/restic/REPOSITORY.env) when not given, lines of C(NAME=value) with restic's own variables, for
        the owner only. E(RECOVERY_RESTIC_OPTIONS) holds words for C(restic -o).
    type: path
  jobs:
    description:
      - How many processes pgBackRest or mariadb-backup may use, or how many connections restic may have to its
        repository. What the configuration of the tool says when not given.
    type: int
  deadline:
    description: After how many seconds the module gives up, ends what it started, and says what it waited for.
    type: float
    default: 3600
  trust_directory:
    description:
      - Where evidence about backups is kept on this host. Losing it fails nothing, it takes the trust in every backup
        back to C(taken).
      - For O(engine.postgresql) also the newest backup that this host saw in each repository. One that has lost it and
        holds nothing newer was emptied or replaced by an older copy, and is refused.
    type: path
    default: /var/lib/recovery/trust
  known_elsewhere:
    description: What other hosts know, by P(gogidix.disaster_recovery.trust_known#filter). It counts as known here.
    type: dict
    default: {}
"""
