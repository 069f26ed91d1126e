# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Whether a URL answers as it should, and which site answers."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check._resolution import Resolution
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._check.base import (
    Check,
    Observation,
    Surroundings,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError

MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Answer:
    """What one address answered."""

    address: str
    status: int
    body: str
    site: str | None


class Http(Check):
    """One GET, without following a redirect, at every address of the name."""

    NAME = "http"
    OPTIONS: dict[str, Any] = {
        "url": {"type": "str", "required": True},
        "status": {"type": "int", "default": 200},
        "contains": {"type": "str"},
        "site": {"type": "str"},
        "site_header": {"type": "str", "default": "X-Site"},
        "resolve_with": {"type": "list", "elements": "str"},
        "ca_file": {"type": "path"},
    }

    def __init__(self, options: dict[str, Any], surroundings: Surroundings) -> None:
        self._options = options
        self._url = urlsplit(options["url"])
        if self._url.scheme not in ("http", "https") or not self._url.hostname:
            raise InputError(
                f"read the url {options['url']!r}", cause="it is no http or https URL", next_action="Correct the url"
            )
        self._host: str = self._url.hostname
        self._port = self._url.port or (443 if self._url.scheme == "https" else 80)
        self._site = options["site"] or surroundings.site
        self._resolution: Resolution | None = None
        servers = options["resolve_with"] or surroundings.name_servers
        if servers and not _is_address(self._host):
            self._resolution = Resolution(self._host, "A", servers, surroundings)

    def observe(self, deadline: Deadline) -> Observation:
        addresses, evidence = self._addresses()
        if not addresses:
            return Observation(False, f"no address of {self._host}", self._expected(), evidence)
        answers = []
        for address in addresses:
            try:
                answers.append(self._get(address, deadline))
            except (OSError, http.client.HTTPException) as error:
                said = f"no answer within {deadline.seconds:g} s" if isinstance(error, TimeoutError) else error
                return Observation(
                    False, f"{address}: {said or type(error).__name__}", self._expected(), {**evidence, "at": address}
                )
        wrong = [answer for answer in answers if not self._is_right(answer)]
        shown = "; ".join(_told(answer) for answer in wrong or answers)
        return Observation(not wrong, shown, self._expected(), {**evidence, "at": [each.address for each in answers]})

    def _addresses(self) -> tuple[list[str], dict[str, Any]]:
        if self._resolution is None:
            return [self._host], {"resolved": "by this host"}
        found, told = self._resolution.agreed()
        return list(found.values), {"resolved": told}

    def _get(self, address: str, deadline: Deadline) -> Answer:
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.sock = socket.create_connection((address, self._port), timeout=max(deadline.remaining, 0.01))
        try:
            if self._url.scheme == "https":
                context = ssl.create_default_context(cafile=self._options["ca_file"])
                connection.sock = context.wrap_socket(connection.sock, server_hostname=self._host)
            path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
            host = self._host if self._url.port is None else f"{self._host}:{self._port}"
            connection.request("GET", path, headers={"Host": host, "Connection": "close"})
            response = connection.getresponse()
            body = response.read(MOST_BYTES).decode(errors="replace")
            return Answer(address, response.status, body, response.getheader(self._options["site_header"]))
        finally:
            connection.close()

    def _is_right(self, answer: Answer) -> bool:
        contains = self._options["contains"]
        if answer.status != self._options["status"] or (contains is not None and contains not in answer.body):
            return False
        # A site that the check itself asks for must be told; one that all checks ask for must not be contradicted.
        if answer.site is None:
            return self._options["site"] is None
        return self._site in (None, answer.site)

    def _expected(self) -> str:
        parts = [f"status {self._options['status']}"]
        if self._options["contains"] is not None:
            parts.append(f"a body with {self._options['contains']!r}")
        if self._site is not None:
            parts.append(f"an answer from {self._site}")
        return f"{self._options['url']}: {', '.join(parts)}"


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


def _told(answer: Answer) -> str:
    return f"{answer.address}: status {answer.status} from {answer.site or 'a site that it does not tell'}" + (
        "" if answer.status < 400 else f", {answer.body[:200]!r}"
    )
