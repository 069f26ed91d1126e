# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The passphrase of a repository, from the vault, a file or the environment: the one place that finds it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import EncryptionError

WAYS = ("cipher_passphrase", "cipher_passphrase_file", "cipher_passphrase_env")


def passphrase_of(name: str, entry: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> str | None:
    """The passphrase that an entry of recovery_repositories names, on the controller; None for one in clear."""
    what = f"find the passphrase of the repository {name}"
    given = [way for way in WAYS if entry.get(way) is not None]
    if entry.get("encrypted") is False:
        if given:
            raise EncryptionError(
                what,
                cause=f"encrypted is false, yet {given[0]} is given",
                next_action="Remove one of the two",
            )
        return None
    if len(given) != 1:
        raise EncryptionError(
            what,
            cause=f"{' and '.join(given)} are given" if given else "none is given, and encryption is on by default",
            next_action=f"Give exactly one of {', '.join(WAYS)}, or say encrypted: false",
        )
    known = os.environ if environment is None else environment
    found = _found(what, given[0], str(entry[given[0]]), known)
    if not found or found != found.strip() or "\n" in found:
        raise EncryptionError(
            what,
            cause=f"what {given[0]} gives is empty"
            if not found
            else f"what {given[0]} gives has white space at its ends",
            next_action="Give a passphrase of one line, without white space at its ends",
        )
    return found


def _found(what: str, way: str, value: str, environment: Mapping[str, str]) -> str:
    if way == "cipher_passphrase_env":
        if value not in environment:
            raise EncryptionError(
                what,
                cause=f"the environment of the controller has no {value}",
                next_action=f"Set {value}, or correct cipher_passphrase_env",
            )
        return environment[value]
    if way == "cipher_passphrase_file":
        try:
            return Path(value).expanduser().read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise EncryptionError(
                what,
                cause=f"the file {value} on the controller cannot be read: {error}",
                next_action="Correct cipher_passphrase_file, or the mode of that file",
            ) from error
    return value
