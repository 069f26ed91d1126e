# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Markup that cannot forget to escape: text is escaped unless it was made by ``tag``; pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_EMPTY = ("meta", "br", "col", "path", "rect", "line")


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Content = object


def tag(name: str, *contents: Content, **attributes: object) -> Markup:
    """One element. ``class_`` is class, other underscores are hyphens; None and False attributes are left out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    if name in _EMPTY and not contents:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{join(contents)}</{name}>")


def join(contents: Iterable[Content]) -> Markup:
    """Contents one after the other; None is nothing, lists are their items."""
    return Markup("".join(_text(content) for content in contents))


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    name = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}.get(name, name)
    return f' {name}="{escape(str(value))}"'


def _text(content: Content) -> str:
    if content is None or content is False:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, (list, tuple)):
        return join(content)
    return escape(str(content))
