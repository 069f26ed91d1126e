# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""One HTTPS request after the other to a place, with its certificate checked and every failure told apart."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    RecoveryError,
    RepositoryError,
    TlsError,
)

ANSWER_SECONDS = 10.0
MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Https:
    """A server by name and port; ``ca_file`` is its authority when that is not a public one."""

    host: str
    port: int = 443
    ca_file: str | None = None
    seconds: float = ANSWER_SECONDS
    expires_at: datetime | None = field(default=None, init=False)

    @property
    def authority(self) -> str:
        """The name as it stands in the header Host."""
        return self.host if self.port == 443 else f"{self.host}:{self.port}"

    def ask(self, what: str, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request on a connection of its own; raises when no whole answer comes."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise TlsError(
                what, cause=f"{self.ca_file}: {error.strerror or error}", next_action="Correct ca_file"
            ) from error
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.seconds, context=context)
        try:
            connection.connect()
            self._remember_certificate(connection)
            connection.request(method, target, body=body, headers={"Content-Length": str(len(body)), **headers})
            response = connection.getresponse()
            return Answer(
                response.status, {k.lower(): v for k, v in response.headers.items()}, response.read(MOST_BYTES)
            )
        except ssl.SSLCertVerificationError as error:
            raise TlsError(
                what,
                cause=f"the certificate of {self.host} is refused: {error.verify_message}",
                next_action="Renew it, correct the name that is asked for, or name its authority in ca_file",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise RepositoryError(
                what,
                cause=f"{self.host}:{self.port}: {error or type(error).__name__}",
                next_action="See whether it is up, and what lies between this host and it",
            ) from error
        finally:
            connection.close()

    def _remember_certificate(self, connection: http.client.HTTPSConnection) -> None:
        certificate = connection.sock.getpeercert() or {}
        if certificate.get("notAfter"):
            seconds = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
            self.expires_at = datetime.fromtimestamp(seconds, UTC)

    def certificate_days(self) -> float | None:
        """How long the certificate that was seen last is still valid."""
        if self.expires_at is None:
            return None
        return round((self.expires_at - datetime.now(UTC)).total_seconds() / 86400, 1)


def refusal(what: str, answer: Answer, reason: str) -> RecoveryError:
    """What a status that is no success means; ``reason`` is the code in the answer's body."""
    cause = f"answered {answer.status}{f' {reason}' if reason else ''}"
    if answer.status in (401, 403):
        return AccessError(
            what, cause=cause, next_action="Correct the credentials, or what they are allowed to do there"
        )
    if answer.status == 404:
        return RepositoryError(what, cause=cause, next_action="Create the bucket, or correct its name")
    return RepositoryError(what, cause=cause, next_action="Try again, and ask whoever runs the object store")


def http_time(text: str) -> datetime:
    """A time as HTTP writes it."""
    return parsedate_to_datetime(text)
