# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""S3 without a library: the requests that a health check needs, signed as the protocol wants it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote
from xml.etree import ElementTree

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._https import Answer, Https, refusal
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import (
    Protection,
    Store,
    StoredObject,
)

ALGORITHM = "AWS4-HMAC-SHA256"


class S3Store(Store):
    # What is signed besides the target; the date is added to it.
    SIGNED: ClassVar[tuple[str, ...]] = ("host", "x-amz-content-sha256", "x-amz-date")

    def __init__(self, https: Https, *, root: str, path: str, region: str, access_key: str, secret_key: str) -> None:
        self.https = https
        self.root = root
        self.path = path.strip("/")
        self.region = region
        self.access_key = access_key
        self.secret_key = secret_key

    def put(self, name: str, content: bytes) -> None:
        self._require("write to the bucket", "PUT", self._key(name), body=content)

    def get(self, name: str) -> bytes:
        return self._require("read from the bucket", "GET", self._key(name)).body

    def list(self, prefix: str) -> list[StoredObject]:
        query = {"list-type": "2", "prefix": self._key(prefix), "delimiter": "/"}
        answer = self._require("list the bucket", "GET", "", query=query)
        skipped = len(f"{self.path}/") if self.path else 0
        return [
            StoredObject(
                entry.findtext("Key", "")[skipped:],
                int(entry.findtext("Size", "0")),
                datetime.fromisoformat(entry.findtext("LastModified", "")),
            )
            for entry in _parsed(answer.body).iter("Contents")
        ]

    def delete(self, name: str) -> None:
        self._require("delete from the bucket", "DELETE", self._key(name))

    def certificate_days(self) -> float | None:
        return self.https.certificate_days()

    def protection(self) -> Protection:
        versioning = self._ask("see whether the bucket keeps versions", "GET", "", query={"versioning": ""})
        locking = self._ask("see whether the bucket has a lock", "GET", "", query={"object-lock": ""})
        return read_protection(versioning, locking)

    def _key(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def _require(
        self, what: str, method: str, key: str, *, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        answer = self._ask(what, method, key, query=query, body=body)
        if answer.status not in (200, 204):
            raise refusal(f"{what} at {self.https.authority}", answer, _reason(answer))
        return answer

    def _ask(
        self, what: str, method: str, key: str, *, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        target = quote(f"{self.root}/{key}", safe="/-_.~")
        pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in (query or {}).items())
        text = "&".join(f"{name}={value}" for name, value in pairs)
        headers = self._signed(method, target, text, body, datetime.now(UTC))
        if body:
            # Asked for where the bucket has a lock.
            headers["Content-MD5"] = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        return self.https.ask(what, method, f"{target}?{text}" if text else target, headers=headers, body=body)

    def _signed(self, method: str, target: str, query: str, body: bytes, at: datetime) -> dict[str, str]:
        digest = hashlib.sha256(body).hexdigest()
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.https.authority, "x-amz-content-sha256": digest, "x-amz-date": stamp}
        names = ";".join(self.SIGNED)
        lines = "".join(f"{name}:{headers[name]}\n" for name in self.SIGNED)
        request = "\n".join((method, target, query, lines, names, digest))
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        to_sign = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        credential = f"{self.access_key}/{scope}"
        headers["Authorization"] = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return headers


def read_protection(versioning: Answer, locking: Answer) -> Protection:
    """What two answers say; a server that does not know the question leaves it unobserved."""
    observed = f"versioning: {_said(versioning)}, object lock: {_said(locking)}"
    keeps = None if versioning.status != 200 else _field(versioning, "Status") == "Enabled"
    if locking.status == 404:
        return Protection(keeps, False, observed=observed)
    if locking.status != 200 or _field(locking, "ObjectLockEnabled") != "Enabled":
        return Protection(keeps, None, observed=observed)
    days = int(_field(locking, "Days") or 0) + 365 * int(_field(locking, "Years") or 0)
    return Protection(keeps, True, _field(locking, "Mode"), days or None, observed)


def _said(answer: Answer) -> str:
    if answer.status != 200:
        return f"{answer.status} {_reason(answer)}".strip()
    words = [element.text for element in _parsed(answer.body).iter() if element.text and element.text.strip()]
    return " ".join(words) or "not set"


def _field(answer: Answer, name: str) -> str:
    return next((element.text or "" for element in _parsed(answer.body).iter(name)), "")


def _reason(answer: Answer) -> str:
    found = re.search(rb"<Code>(\w+)</Code>", answer.body)
    return found[1].decode() if found else ""


def _parsed(body: bytes) -> ElementTree.Element:
    """The document without its name space; what is no document is an empty one."""
    try:
        return ElementTree.fromstring(re.sub(rb'\sxmlns="[^"]*"', b"", body, count=1))
    except ElementTree.ParseError:
        return ElementTree.Element("nothing")
