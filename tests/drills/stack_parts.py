# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stack is made of, as a person would look at it, spoil it and lose it."""

from __future__ import annotations

from pathlib import Path

from tests.drills.drill_lab import DrillLab

SHOP = "fra-app1"
FILES = (
    "/etc/storefront/storefront.ini",
    "/srv/storefront/pictures/teapot.svg",
    "/var/lib/storefront/baskets/ada.json",
)


def ledger(lab: DrillLab, statement: str) -> str:
    return lab.do("run", "fra-db1", "mariadb", "-BN", "-e", statement).strip()


def spoil(lab: DrillLab) -> dict[str, str]:
    """Change something in every part of the system; what stands there then."""
    lab.sql("fra-db1", "CREATE TABLE spoilt ()")
    ledger(lab, "CREATE TABLE ledger.spoilt (id INT)")
    for path in FILES:
        lab.do("run", SHOP, "sh", "-c", f"echo spoilt >> {path}")
    return parts(lab)


def lose(lab: DrillLab) -> None:
    """Take all of it away, as a host that is set up anew lacks it: both servers are dead and have no data."""
    lab.do("run", "fra-db1", "pg_ctlcluster", "15", "main", "stop", "-m", "immediate")
    lab.do("run", "fra-db1", "pkill", "-9", "-x", "mariadbd")
    for directory in ("/var/lib/postgresql/15/main", "/var/lib/mysql"):
        lab.do("run", "fra-db1", "mv", directory, f"{directory}.lost")
    lab.do("run", SHOP, "rm", "-rf", *(str(Path(path).parent) for path in FILES))


def parts(lab: DrillLab) -> dict[str, str]:
    found = {path: lab.do("run", SHOP, "cat", path) for path in FILES}
    found["orders"] = lab.sql("fra-db1", "SELECT count(*) FROM pg_class WHERE relname = 'spoilt'")
    found["ledger"] = ledger(lab, "SHOW TABLES IN ledger LIKE 'spoilt'")
    return found
