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
from collections.abc import Mapping, Sequence
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
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._versions import StoredVersion

ALGORITHM = "AWS4-HMAC-SHA256"


class S3Store(Store):
    # How many versions an answer has at most; a store may have a limit of its own.
    MOST_AT_ONCE: ClassVar[int] = 1000

    def __init__(
        self, https: Https, *, root: str, bucket: str, path: str, region: str, access_key: str, secret_key: str
    ) -> None:
        self.https = https
        self.root = root
        self.bucket = bucket
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
        return [
            StoredObject(
                self._name(entry),
                int(entry.findtext("Size", "0")),
                datetime.fromisoformat(entry.findtext("LastModified", "")),
            )
            for entry in _parsed(answer.body).iter("Contents")
        ]

    def delete(self, name: str) -> None:
        self._require("delete from the bucket", "DELETE", self._key(name))

    def versions(self, prefix: str) -> Sequence[StoredVersion]:
        query, found = {"versions": "", "prefix": self._key(prefix), "max-keys": str(self.MOST_AT_ONCE)}, []
        while True:
            page = _parsed(self._require("list the versions in the bucket", "GET", "", query=query).body)
            found += [self._version(entry) for entry in page if entry.tag in ("Version", "DeleteMarker")]
            if page.findtext("IsTruncated") != "true":
                return found
            query["key-marker"] = page.findtext("NextKeyMarker", "")
            query["version-id-marker"] = page.findtext("NextVersionIdMarker", "")

    def _version(self, entry: ElementTree.Element) -> StoredVersion:
        return StoredVersion(
            self._name(entry),
            entry.findtext("VersionId", ""),
            datetime.fromisoformat(entry.findtext("LastModified", "")),
            entry.tag == "DeleteMarker",
            f"{entry.findtext('Size')} {entry.findtext('ETag')}",
        )

    def bring_back(self, version: StoredVersion) -> None:
        what, key = "put an older version on top in the bucket", self._key(version.name)
        source = f"{quote(f'/{self.bucket}/{key}', safe='/-_.~')}?versionId={quote(version.id, safe='-_.~')}"
        answer = self._require(what, "PUT", key, more={"x-amz-copy-source": source})
        # A copy that breaks off after its answer has begun is no other status.
        if _parsed(answer.body).tag != "CopyObjectResult":
            raise refusal(f"{what} at {self.https.authority}", answer, _reason(answer))

    def remove_version(self, version: StoredVersion) -> None:
        query = {"versionId": version.id}
        self._require("remove a version from the bucket", "DELETE", self._key(version.name), query=query)

    def certificate_days(self) -> float | None:
        return self.https.certificate_days()

    def protection(self) -> Protection:
        versioning = self._ask("see whether the bucket keeps versions", "GET", "", query={"versioning": ""})
        locking = self._ask("see whether the bucket has a lock", "GET", "", query={"object-lock": ""})
        return read_protection(versioning, locking)

    def _key(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def _name(self, entry: ElementTree.Element) -> str:
        return entry.findtext("Key", "")[len(f"{self.path}/") if self.path else 0 :]

    def _require(
        self,
        what: str,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        answer = self._ask(what, method, key, query=query, body=body, more=more)
        if answer.status not in (200, 204):
            raise refusal(f"{what} at {self.https.authority}", answer, _reason(answer))
        return answer

    def _ask(
        self,
        what: str,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        target = quote(f"{self.root}/{key}", safe="/-_.~")
        pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in (query or {}).items())
        text = "&".join(f"{name}={value}" for name, value in pairs)
        headers = self._signed(method, target, text, body, datetime.now(UTC), more or {})
        if method == "PUT":
            # Asked for where the bucket has a lock.
            headers["Content-MD5"] = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        return self.https.ask(what, method, f"{target}?{text}" if text else target, headers=headers, body=body)

    def _signed(
        self, method: str, target: str, query: str, body: bytes, at: datetime, more: Mapping[str, str]
    ) -> dict[str, str]:
        """The headers of a request, all of them signed."""
        digest = hashlib.sha256(body).hexdigest()
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.https.authority, "x-amz-content-sha256": digest, "x-amz-date": stamp, **more}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
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
