# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""What the evidence of backups and restores says to people: what came from where, and what is worth knowing; pure."""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]

_OF_RESTORE = ("stanza", "repository", "backup", "target", "reached", "kept", "preflight")


def take_restore(restores: list[Part], part: Part, host: Any) -> None:
    """A restore is announced by its preflight and told again when it is done; it stands once a host and stanza."""
    if not isinstance(part.get("preflight"), list) or not part.get("stanza"):
        return
    told = {"host": host, **{name: part.get(name) for name in _OF_RESTORE}, "checks": checks_of(part)}
    for index, kept in enumerate(restores):
        if (kept["host"], kept["stanza"]) == (host, told["stanza"]):
            restores[index] = told
            return
    restores.append(told)


def checks_of(part: Part) -> list[Part]:
    """What a restored copy was asked and how it was looked through, each under the name of what was restored."""
    proof = part.get("proof")
    if not isinstance(proof, dict):
        return []
    asked = [check for check in proof.get("checks") or [] if isinstance(check, dict)]
    seen = [
        {"name": name, "passed": True, "observed": proof[name], "expected": "sound"}
        for name in ("structure", "pages")
        if proof.get(name) and not str(proof[name]).startswith("not possible")
    ]
    return [{**check, "name": f"{part['stanza']}: {check.get('name', 'unnamed')}"} for check in [*asked, *seen]]


def take_notes(notes: list[str], part: Part) -> None:
    """Notes name what they are about, since a run has many backups; a note that is repeated stands once."""
    proof = part.get("proof")
    open_ends = proof.get("not_proven") if isinstance(proof, dict) else None
    said = [*_texts(part.get("notes")), *(f"Not proven: {each}" for each in _texts(open_ends))]
    about = " in ".join(str(part[name]) for name in ("stanza", "repository") if part.get(name))
    for note in said:
        text = f"{about}: {note}" if about else note
        if text not in notes:
            notes.append(text)


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
