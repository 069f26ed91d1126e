# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of the checks: one paragraph per kind."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - dnspython, for O(checks[].dns) and for O(checks[].http) through the name servers
  - psycopg2, for O(checks[].sql) and O(checks[].replication)
  - pgbackrest, for O(checks[].backup_age.stanza)
options:
  checks:
    description:
      - The checks; give exactly one kind in each entry. All of them run at the same time.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the check proves, as a sentence.
        type: str
        required: true
      deadline_seconds:
        description: How long one look may take; no answer until then is a failed check.
        type: float
        default: 5
      future:
        description:
          - Whether this can be observed only after a change that check mode does not make. In check mode such a check
            is listed as not run.
        type: bool
        default: false
      backup_age:
        description:
          - The newest backup without errors. Give exactly one of O(checks[].backup_age.catalogue), for any engine, and
            O(checks[].backup_age.stanza), which asks pgBackRest on a host that reaches the repository.
        type: dict
        suboptions:
          catalogue:
            description:
              - What M(gogidix.disaster_recovery.backup_info) returned, also when it failed. A failed one has no backup.
            type: dict
          stanza:
            description: The name of the stanza of pgBackRest.
            type: str
          repository_number:
            description: The number of the repository in pgBackRest's configuration; all of them by default.
            type: int
          max_age_seconds:
            description: The age that the newest backup may have.
            type: int
            required: true
          configuration_file:
            description: The path of pgBackRest's configuration, when it is not the usual one.
            type: path
      backup_policy:
        description:
          - Whether a protection group is backed up by the rule 3-2-1-1-0, as far as that is proven. Three copies on two
            media, one of them off site and one immutable, and no errors. It judges what
            M(gogidix.disaster_recovery.backup_info) returned for each repository and asks nobody itself.
          - A repository is a copy when it was read, its place is reached, and its newest usable backup is not older
            than O(checks[].backup_policy.max_backup_age_seconds). Two entries for the same place are one copy.
          - A tape is a copy when it was read back, for O(checks[].backup_policy.max_tape_age_seconds).
          - An error is a backup that is damaged or unfinished, and also a repository that is no copy or of which
            nothing was proven in time.
        type: dict
        suboptions:
          catalogues:
            description:
              - The results of M(gogidix.disaster_recovery.backup_info), one for each stanza and repository, failed ones
                as well. C(results) of a registered loop is such a list.
            type: list
            elements: dict
            required: true
          servers:
            description:
              - Lists of results of M(gogidix.disaster_recovery.backup_info) with C(ask_server), by host, failed ones as
                well. Where exactly one host writes a stanza, and all of its log is in a repository, the newest moment
                that can be recovered is the one at which it was asked. Anything else changes nothing.
            type: dict
            default: {}
          stanzas:
            description: The names of the backups that the protection group consists of. Each is judged by itself.
            type: list
            elements: str
            required: true
          places:
            description:
              - What is known of each repository besides, by its name. C(site) is where it is, and C(offsite) says that
                it is elsewhere than all sites; with neither the repository is not off site. C(medium) is what it is
                made of, by default as C(backup_info) says. C(immutable) is true when somebody has seen that nobody can
                remove what was written to it; a mere intention does not count. It counts only where the place itself
                does not say; one that says that it has no lock has none.
            type: dict
            default: {}
          without_key_id:
            description: Names of repositories of which nobody said where the passphrase is escrowed. Each is an error.
            type: list
            elements: str
            default: []
          site:
            description: Where the live data is. O(site) when not given.
            type: str
          live_medium: {description: "The medium of the live data.", type: str, default: disk}
          copies: {description: "So many copies are wanted. The live data counts as one.", type: int, default: 3}
          media: {description: "On so many different media, that of the live data included.", type: int, default: 2}
          offsite: {description: "So many repositories at another site than the live data.", type: int, default: 1}
          immutable: {description: "So many that nobody can remove from, as long as is wanted.", type: int, default: 1}
          immutable_days:
            description:
              - For how many days the lock of such a repository must hold what is written there now. By default the
                C(keep_days) of its retention, as C(item) of the result or C(places) has it, or else any number.
            type: int
          errors: {description: "So many errors are accepted.", type: int, default: 0}
          proven_level:
            description: The level of trust that at least one backup in each repository must have.
            type: str
            choices: [checked, restored, verified]
            default: restored
          max_proven_age_seconds: {description: "How old the evidence for it may be.", type: int, default: 604800}
          max_backup_age_seconds: {description: "How old its newest usable backup may be.", type: int, default: 172800}
          max_tape_age_seconds:
            description: How old the newest backup on a tape, and the proof that it was read back, may be.
            type: int
            default: 2678400
          objectives:
            description:
              - How many seconds of the newest work may be lost, by the name of the stanza. The newest moment that can
                be recovered, in the best copy and at the time when that was read, may be older by
                O(checks[].backup_policy.shipping_seconds).
              - A stanza that is not named here is one without a log. Its newest backup is the newest moment, and
                O(checks[].backup_policy.max_backup_age_seconds) says how old that may be.
            type: dict
            default: {}
          shipping_seconds:
            description:
              - What a log takes until it has arrived. It is closed in pieces. The role C(protect) lets PostgreSQL
                close one every minute, or as seldom as the objective allows.
            type: int
            default: 120
          max_recovery_point_age_seconds:
            description:
              - How old the newest moment that can be recovered may be, of every stanza, instead of
                O(checks[].backup_policy.objectives).
            type: int
          max_catalogue_age_seconds:
            description: How long ago C(backup_info) may have read a repository.
            type: int
            default: 3600
          gaps:
            description: Whether gaps in the transaction log are accepted. Each is told with its beginning and its end.
            type: bool
            default: false
          inconsistent:
            description: Stanzas whose source may change while it is backed up. Of others that is an error.
            type: list
            elements: str
            default: []
      dns:
        description: A record at every authoritative name server, each asked itself.
        type: dict
        suboptions:
          name:
            description: The absolute name of the record.
            type: str
            required: true
          type:
            description: The type of the record.
            type: str
            choices: [A, AAAA, CNAME, TXT]
            default: A
          values:
            description: All values of the record; by default those of O(records) for O(site).
            type: list
            elements: str
          servers:
            description: The addresses of the name servers; O(name_servers) by default.
            type: list
            elements: str
      http:
        description: One GET at every address of the name; a redirect is an answer and is not followed.
        type: dict
        suboptions:
          url: {description: "The URL.", type: str, required: true}
          status:
            description: The status of the answer.
            type: int
            default: 200
          contains:
            description: A text that the body of the answer has.
            type: str
          site:
            description:
              - The site that must have answered, as its answer tells in O(checks[].http.site_header).
              - Without it, an answer that tells no site passes, and one that tells another site than O(site) does not.
            type: str
          site_header:
            description: The header in which an answer tells its site.
            type: str
            default: X-Site
          resolve_with:
            description:
              - The addresses of the authoritative name servers that are asked for the addresses of the name, so that no
                cache can answer for them; O(name_servers) by default.
              - With neither, this host resolves the name as usual.
            type: list
            elements: str
          ca_file:
            description: The certificates that are trusted with https; those of the system by default.
            type: path
      replication:
        description:
          - A standby that streams from its primary with the same system identifier, on the same timeline and not too
            far behind.
        type: dict
        suboptions:
          host:
            description: The address of the standby.
            type: str
            required: true
          port:
            description: The port of the standby.
            type: int
            default: 5432
          database:
            description: The database to connect to, on both.
            type: str
            default: postgres
          user:
            description: The user on both; it needs the rights of C(pg_monitor).
            type: str
            required: true
          password:
            description: The password of the user.
            type: str
          primary_host:
            description: The address of the primary.
            type: str
            required: true
          primary_port:
            description: The port of the primary.
            type: int
            default: 5432
          system_identifier:
            description: The identity that both must have.
            type: str
          max_lag_bytes:
            description: How many bytes of log the standby may have left to replay.
            type: int
            default: 16777216
      sql:
        description: The first column of the first row of a query, in a read-only transaction.
        type: dict
        suboptions:
          host:
            description: The address of the server or pooler.
            type: str
            required: true
          port:
            description: The port of the server or pooler.
            type: int
            default: 5432
          database:
            description: The database.
            type: str
            default: postgres
          user:
            description: The user.
            type: str
            required: true
          password:
            description: The password of the user.
            type: str
          query:
            description: The query.
            type: str
            required: true
          expected:
            description: The value as text.
            type: str
            required: true
      tcp:
        description: A connection that is accepted.
        type: dict
        suboptions:
          host: {description: "The address.", type: str, required: true}
          port: {description: "The port.", type: int, required: true}
          silent:
            description: Whether the check passes when nothing accepts a connection.
            type: bool
            default: false
"""
