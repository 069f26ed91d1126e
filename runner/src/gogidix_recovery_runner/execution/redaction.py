# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not be stored: known secret values, values under telling names, credentials inside text; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MASK = "********"
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)|secret|token|credential|private_?key|access_?key|api_?key|authorization|cookie", re.I
)
_IN_TEXT = (
    (re.compile(r"(\w+://[^\s:/@]+:)[^\s/@]+(?=@)"), r"\1" + MASK),
    (
        re.compile(
            r"(\b[\w-]*(?:password|passwd|passphrase|secret|token)[\w-]*[\"']?\s*[=:]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&]+)",
            re.I,
        ),
        r"\1" + MASK,
    ),
    (re.compile(r"gdr_[0-9a-f]{8}_[A-Za-z0-9_-]{43}"), MASK),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.S), MASK),
)
# Colours, and what PostgreSQL takes in no text.
_NOISE = re.compile(r"\x1b\[[0-9;]*m|\x00")
_SHORTEST = 4


class Redactor:
    """Cuts secrets out of texts and of nested values."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: one secret may be the beginning of another. Very short ones would blank everything.
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def text(self, text: str) -> str:
        text = _NOISE.sub("", text)
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern, replacement in _IN_TEXT:
            text = pattern.sub(replacement, text)
        return text

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self._item(str(key), item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, (int, float)) and self._known is not None and self._known.fullmatch(str(value)):
            return MASK
        return value

    def _item(self, key: str, item: Any) -> Any:
        if _SECRET_NAME.search(key) and isinstance(item, (str, int, float)) and not isinstance(item, bool):
            return MASK
        return self.value(item)
