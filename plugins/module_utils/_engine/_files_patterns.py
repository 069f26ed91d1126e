# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Which paths are left out: restic's own patterns, understood here too, so that manifest and backup agree."""

from __future__ import annotations

import re
from collections.abc import Callable

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import InputError


def excluder(patterns: list[str]) -> Callable[[str], bool]:
    """Whether a path is left out. With a slash in front a pattern begins at the root, else anywhere."""
    expressions = [expression_of(pattern) for pattern in patterns]
    if not expressions:
        return lambda path: False
    joined = re.compile("|".join(expressions), re.DOTALL)
    return lambda path: joined.search(path) is not None


def expression_of(pattern: str) -> str:
    """A pattern as a regular expression: ``*`` and ``?`` stay inside one name, ``**`` is any number of names."""
    if not pattern.strip("/") or pattern.startswith("!"):
        raise _bad(pattern, "it is empty or begins with an exclamation mark")
    begin = "^" if pattern.startswith("/") else "(?:^|/)"
    names = [name for name in pattern.split("/") if name]
    expression = begin + ("/" if pattern.startswith("/") else "")
    for position, name in enumerate(names):
        is_last = position == len(names) - 1
        if name == "**":
            expression += ".+" if is_last else "(?:[^/]+/)*"
        else:
            expression += one_name(name, pattern) + ("" if is_last else "/")
    return f"(?:{expression}(?:/|$))"


def one_name(name: str, pattern: str) -> str:
    expression, position = "", 0
    while position < len(name):
        character = name[position]
        if character == "*":
            expression += "[^/]*"
        elif character == "?":
            expression += "[^/]"
        elif character == "\\":
            position += 1
            if position == len(name):
                raise _bad(pattern, "it ends with a backslash")
            expression += re.escape(name[position])
        elif character == "[":
            end = name.find("]", position + 2)
            if end < 0:
                raise _bad(pattern, "a bracket is not closed")
            inside = name[position + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            expression += f"[{inside}]"
            position = end
        else:
            expression += re.escape(character)
        position += 1
    return expression


def literal(path: str) -> str:
    """A path as a pattern that matches only itself and what is below it."""
    return re.sub(r"([\\*?\[])", r"\\\1", path)


def _bad(pattern: str, cause: str) -> InputError:
    return InputError(
        f"read the exclude {pattern!r}", cause=cause, next_action="Give a path or a pattern with *, ?, [] or **"
    )
