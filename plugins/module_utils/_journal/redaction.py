# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What must never reach a record: values under names that sound like secrets, and secrets inside texts; pure."""

from __future__ import annotations

import re
from typing import Any

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)|secret|token|credential|private_?key|access_?key|api_?key|authorization|cookie", re.I
)
_SECRET_IN_TEXT = re.compile(
    r"(?P<url>\w+://[^\s:/@]+:)[^\s/@]+(?=@)"
    r"|(?P<pair>\b[\w-]*(?:password|passwd|passphrase|secret|token)[\w-]*[\"']?\s*[=:]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;&]+)",
    re.I,
)
_LONGEST_TEXT = 4000
_DEEPEST = 12


def is_secret_name(name: str) -> bool:
    """Whether a key of this name may hold a secret; such keys are left out whatever they hold."""
    return _SECRET_NAME.search(name) is not None


def without_secrets(value: Any, depth: int = 0) -> Any:
    """The same value as plain JSON without secrets, over-long texts cut in the middle."""
    if isinstance(value, str):
        return _text_without_secrets(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, dict):
        named = ((str(key), item) for key, item in value.items())
        return {key: without_secrets(item, depth + 1) for key, item in named if not is_secret_name(key)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [without_secrets(item, depth + 1) for item in value]
    return _text_without_secrets(str(value))


def _text_without_secrets(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        half = _LONGEST_TEXT // 2
        text = f"{text[:half]} ... {len(text) - _LONGEST_TEXT} characters left out ... {text[-half:]}"
    if "=" in text or ":" in text:
        return _SECRET_IN_TEXT.sub(lambda found: (found["url"] or found["pair"]) + "***", text)
    return text
