# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which hosts keep evidence about the same backups, and what each of them does not know yet; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._evidence import (
    Entries,
    joined_entries,
    understood,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository_settings import engine_name

Entry = Mapping[str, Any]
Key = tuple[str, str]


def trust_ledgers(sources: Iterable[Entry]) -> list[dict[str, Any]]:
    """See trust_ledgers.yml."""
    ledgers: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for (stanza, repository), users in _places(sources).items():
        if len(users) < 2:
            # Nobody else could know more.
            continue
        for host, user in users.items():
            ledgers.setdefault((host, user), []).append({"stanza": stanza, "repository": repository})
    return [{"host": host, "user": user, "ledgers": kept} for (host, user), kept in ledgers.items()]


def _places(sources: Iterable[Entry]) -> dict[Key, dict[str, str]]:
    """By stanza and repository the hosts that look at these backups, each with the user who writes there."""
    places: dict[Key, dict[str, str]] = {}
    for source in sources:
        hosts = places.setdefault(_key(source), {})
        for host, user in _lookers(source):
            hosts.setdefault(host, user)
    return places


def _lookers(source: Entry) -> list[tuple[str, str]]:
    """Who takes, who proves, and who reads; what an entry does not say is nobody."""
    found = [
        (source.get("taken_on"), source.get("taken_by")),
        *((host, source.get("proven_by")) for host in source.get("proven_on") or []),
        (source.get("host"), source.get("user")),
    ]
    return [(str(host), str(user)) for host, user in found if host and user]


def _key(source: Entry) -> Key:
    return str(source["engine"][engine_name(source)]["stanza"]), str(source["repository"]["name"])


def trust_silent(sources: Iterable[Entry], looks: Iterable[Entry]) -> list[str]:
    """See trust_silent.yml."""
    wanted = {(host, key) for key, hosts in _places(sources).items() if len(hosts) > 1 for host in hosts}
    told = {(str(look["item"]["host"]), key) for look in _good(looks) for key in _told_by(look)}
    return sorted({host for host, _key_of in wanted - told})


def trust_heard(sources: Iterable[Entry], looks: Iterable[Entry]) -> list[Entry]:
    """See trust_heard.yml."""
    good = _good(looks)
    return [source for source in sources if not trust_silent([source], good)]


def trust_known(looks: Iterable[Entry], source: Entry) -> Entries:
    """See trust_known.yml."""
    return joined_entries(_told_by(look).get(_key(source), {}) for look in _good(looks))


def trust_news(looks: Iterable[Entry], host: str) -> list[dict[str, Any]]:
    """See trust_news.yml."""
    told = [(look["item"], _told_by(look)) for look in _good(looks)]
    news = []
    for item, own in told:
        if item["host"] != host:
            continue
        ledgers = []
        for key, known in own.items():
            together = joined_entries(each.get(key, {}) for _item, each in told)
            entries = {name: entry for name, entry in together.items() if known.get(name) != entry}
            if entries:
                ledgers.append({"stanza": key[0], "repository": key[1], "entries": entries})
        if ledgers:
            news.append({"host": host, "user": str(item["user"]), "ledgers": ledgers})
    return news


def _good(looks: Iterable[Entry]) -> list[Entry]:
    return [look for look in looks if isinstance(look, Mapping) and "ledgers" in look and not look.get("failed")]


def _told_by(look: Entry) -> dict[Key, Entries]:
    return {(str(each["stanza"]), str(each["repository"])): understood(each["entries"]) for each in look["ledgers"]}
