# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Texts that travel as one option or result: compressed, printable; pure."""

from __future__ import annotations

import base64
import binascii
import zlib


def pack(text: str) -> str:
    """The text as one printable line, about a tenth as long."""
    return base64.b64encode(zlib.compress(text.encode(), 6)).decode("ascii")


def unpack(packed: str) -> str:
    """The text again; ValueError when it was damaged on its way."""
    try:
        return zlib.decompress(base64.b64decode(packed, validate=True)).decode()
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"the packed text is damaged: {error}") from error
