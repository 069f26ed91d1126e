# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Azure Blob Storage without a library: the requests that a health check needs, signed with the account's key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote
from xml.etree import ElementTree

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import AccessError
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._instant import now
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._https import (
    Answer,
    Https,
    http_time,
    refusal,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import (
    Protection,
    Store,
    StoredObject,
)

VERSION = "2019-12-12"


class AzureStore(Store):
    def __init__(self, https: Https, *, account: str, root: str, path: str, account_key: str, sas_token: str) -> None:
        self.https = https
        self.account = account
        self.root = root
        self.path = path.strip("/")
        self.account_key = account_key
        self.sas_token = sas_token.lstrip("?")

    def put(self, name: str, content: bytes) -> None:
        self._require("write to the container", "PUT", name, headers={"x-ms-blob-type": "BlockBlob"}, body=content)

    def get(self, name: str) -> bytes:
        return self._require("read from the container", "GET", name).body

    def list(self, prefix: str) -> list[StoredObject]:
        query = {"restype": "container", "comp": "list", "delimiter": "/", "prefix": self._key(prefix)}
        answer = self._require("list the container", "GET", None, query={**query, "maxresults": "1000"})
        skipped = len(f"{self.path}/") if self.path else 0
        return [
            StoredObject(
                blob.findtext("Name", "")[skipped:],
                int(blob.findtext("Properties/Content-Length", "0")),
                http_time(blob.findtext("Properties/Last-Modified", "")),
            )
            for blob in ElementTree.fromstring(answer.body.removeprefix(b"\xef\xbb\xbf")).iter("Blob")
        ]

    def delete(self, name: str) -> None:
        self._require("delete from the container", "DELETE", name)

    def certificate_days(self) -> float | None:
        return self.https.certificate_days()

    def protection(self) -> Protection:
        answer = self._require("look at the container", "GET", None, query={"restype": "container"})
        policy = answer.headers.get("x-ms-has-immutability-policy", "")
        hold = answer.headers.get("x-ms-has-legal-hold", "")
        is_locked = "true" in (policy, hold) if policy or hold else None
        return Protection(
            None, is_locked, observed=f"immutability policy: {policy or 'not told'}, legal hold: {hold or 'not told'}"
        )

    def _key(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def _require(
        self,
        what: str,
        method: str,
        name: str | None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        target = self.root if name is None else quote(f"{self.root}/{self._key(name)}", safe="/-_.~")
        stamped = {"x-ms-date": now().strftime("%a, %d %b %Y %H:%M:%S GMT"), "x-ms-version": VERSION, **(headers or {})}
        text = "&".join(f"{name}={quote(value, safe='')}" for name, value in (query or {}).items())
        if self.sas_token:
            text = f"{text}&{self.sas_token}".lstrip("&")
        else:
            stamped["Authorization"] = self._authorization(what, method, target, query or {}, stamped, len(body))
        target = f"{target}?{text}" if text else target
        answer = self.https.ask(what, method, target, headers=stamped, body=body)
        if answer.status not in (200, 201, 202):
            raise refusal(f"{what} at {self.https.authority}", answer, _reason(answer))
        return answer

    def _authorization(
        self, what: str, method: str, target: str, query: Mapping[str, str], headers: Mapping[str, str], length: int
    ) -> str:
        own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
        resource = f"/{self.account}{target}" + "".join(f"\n{name}:{query[name]}" for name in sorted(query))
        # Thirteen lines: the headers that are not sent stay empty, as does a length of nothing.
        lines = [method, "", "", str(length or ""), *[""] * 8]
        to_sign = "\n".join(lines) + f"\n{own}{resource}"
        try:
            key = base64.b64decode(self.account_key, validate=True)
        except binascii.Error as error:
            raise AccessError(
                what, cause="the account's key is not base64", next_action="Copy the key of the account again"
            ) from error
        digest = hmac.new(key, to_sign.encode(), hashlib.sha256).digest()
        return f"SharedKey {self.account}:{base64.b64encode(digest).decode()}"


def _reason(answer: Answer) -> str:
    found = re.search(rb"<Code>(\w+)</Code>", answer.body)
    return found[1].decode() if found else answer.headers.get("x-ms-error-code", "")
