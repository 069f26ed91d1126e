# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Google Cloud Storage without a library, with a token that somebody else has fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._https import Answer, Https, refusal
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._repository._store import (
    Protection,
    Store,
    StoredObject,
)


class GcsStore(Store):
    def __init__(self, https: Https, *, bucket: str, path: str, token: str) -> None:
        self.https = https
        self.bucket = bucket
        self.path = path.strip("/")
        self.token = token

    def put(self, name: str, content: bytes) -> None:
        query = urlencode({"uploadType": "media", "name": self._key(name)})
        self._require("write to the bucket", "POST", f"/upload/storage/v1/b/{self.bucket}/o?{query}", body=content)

    def get(self, name: str) -> bytes:
        return self._require("read from the bucket", "GET", f"{self._object(name)}?alt=media").body

    def list(self, prefix: str) -> list[StoredObject]:
        query = urlencode({"prefix": self._key(prefix), "delimiter": "/"})
        answer = self._require("list the bucket", "GET", f"/storage/v1/b/{self.bucket}/o?{query}")
        skipped = len(f"{self.path}/") if self.path else 0
        return [
            StoredObject(each["name"][skipped:], int(each["size"]), datetime.fromisoformat(each["updated"]))
            for each in json.loads(answer.body).get("items", [])
        ]

    def delete(self, name: str) -> None:
        self._require("delete from the bucket", "DELETE", self._object(name))

    def certificate_days(self) -> float | None:
        return self.https.certificate_days()

    def protection(self) -> Protection:
        answer = self._require("look at the bucket", "GET", f"/storage/v1/b/{self.bucket}")
        return read_protection(json.loads(answer.body))

    def _key(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def _object(self, name: str) -> str:
        return f"/storage/v1/b/{self.bucket}/o/{quote(self._key(name), safe='')}"

    def _require(self, what: str, method: str, target: str, *, body: bytes = b"") -> Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/octet-stream"}
        answer = self.https.ask(what, method, target, headers=headers, body=body)
        if answer.status not in (200, 204):
            raise refusal(f"{what} at {self.https.authority}", answer, "")
        return answer


def read_protection(bucket: Mapping[str, Any]) -> Protection:
    """What a bucket's own description says: a policy can be taken back as long as it is not locked."""
    versioning = bool((bucket.get("versioning") or {}).get("enabled"))
    policy = bucket.get("retentionPolicy") or {}
    days = int(policy.get("retentionPeriod", 0)) // 86400
    mode = ("locked" if policy.get("isLocked") else "unlocked") if policy else ""
    observed = f"versioning: {versioning}, retention policy: {mode or 'none'}, {days} days"
    return Protection(versioning, mode == "locked", mode, days or None, observed)
