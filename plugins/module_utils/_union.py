# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Unions in options: a family's registry is a table, and the caller gives exactly one of its members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


class Member(Protocol):
    """One engine or provider: a name, and the options it takes."""

    NAME: str
    OPTIONS: dict[str, Any]


AnyMember = TypeVar("AnyMember")


def union_spec(members: Mapping[str, type[Member]], **option: Any) -> dict[str, Any]:
    """The argument spec of an option that takes exactly one of ``members``."""
    return options_spec({name: member.OPTIONS for name, member in members.items()}, **option)


def options_spec(options: Mapping[str, dict[str, Any]], **option: Any) -> dict[str, Any]:
    """The same by the options that each member takes."""
    names = sorted(options)
    several = [names] if len(names) > 1 else []  # Ansible knows these rules for two or more; chosen() for one
    return {
        "type": "dict",
        "options": {name: {"type": "dict", "options": options[name]} for name in names},
        "mutually_exclusive": several,
        "required_one_of": several,
        **option,
    }


def chosen(members: Mapping[str, AnyMember], value: dict[str, Any], *, option: str) -> tuple[AnyMember, dict[str, Any]]:
    """The member that was given, with its options."""
    given = [name for name in sorted(members) if value.get(name) is not None]
    if len(given) != 1:
        raise InputError(
            f"read the option {option}",
            cause=f"exactly one of {', '.join(sorted(members))} is wanted, given: {', '.join(given) or 'none'}",
            next_action=f"Give one of them under {option}",
        )
    return members[given[0]], value[given[0]]
