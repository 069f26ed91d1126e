# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tool that fails where it restores one part of a system, and works everywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.drills.drill_lab import DrillLab

# Where each part is restored, by which program, and the words by which it is told to; with them stands what is
# mounted at a word for it alone, and what a descriptor leads to.
TOOLS = {
    "settings": ("fra-app1", "/usr/bin/restic", "*restore*/etc/*.recovery-partial*"),
    "pictures": ("fra-app1", "/usr/bin/restic", "*restore*/srv/storefront/.recovery-partial*"),
    "baskets": ("fra-app1", "/usr/bin/restic", "*restore*/var/lib/storefront/.recovery-partial*"),
    "orders": ("fra-db1", "/usr/bin/pgbackrest", "restore*"),
    "ledger": ("fra-db1", "/usr/bin/mbstream", "*"),
}


@contextmanager
def broken_tool(lab: DrillLab, part: str) -> Iterator[None]:
    """The tool that restores this part ends with an error where it does; everything else of it works."""
    host, program, words = TOOLS[part]
    # Under its own name: pgBackRest starts its like on another host by the name that it was called by.
    rest = f'exec -a {program} {program}.real "$@"'
    seen = '$(readlink -- "$word") $(grep -F -- " $word " /proc/self/mountinfo)'
    told = f'told="$*"\nfor word; do case $word in /*) told+=" {seen}";; esac; done'
    wrapper = f'#!/bin/bash\n{told}\ncase "$told" in {words}) echo broken >&2; exit 1;; esac\n{rest}\n'
    lab.do("run", host, "mv", program, f"{program}.real")
    lab.do("run", host, "sh", "-c", 'printf %s "$0" > "$1"; chmod 755 "$1"', wrapper, program)
    try:
        yield
    finally:
        lab.do("run", host, "mv", f"{program}.real", program)
