# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opaque bearer tokens ``gdr_<prefix>_<secret>``; pure."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

_SHAPE = re.compile(r"^gdr_([0-9a-f]{8})_([A-Za-z0-9_-]{43})$")


def make_token() -> tuple[str, str, str]:
    """A new token: its whole text, its prefix, its secret."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    return f"gdr_{prefix}_{secret}", prefix, secret


def sha256_of(secret: str) -> str:
    """A hash without salt or stretching is enough: the secret has 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def parse_token(text: str) -> tuple[str, str] | None:
    """Prefix and secret, or None when it is no token of ours."""
    match = _SHAPE.match(text)
    return (match[1], match[2]) if match else None


def is_secret_of(secret: str, sha256: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(sha256_of(secret), sha256)
