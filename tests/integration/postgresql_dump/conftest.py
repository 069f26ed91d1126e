# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scratch server with a shop in it, a repository, and one dump of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.postgresql_dump.sandbox import Sandbox, Story
from tests.integration.servers.postgresql import PROGRAMS, postgresql
from tests.integration.servers.process import open_directory

SHOP = """
CREATE ROLE clerk LOGIN PASSWORD 'example-only-clerk';
CREATE EXTENSION hstore;
CREATE TABLE product (id int PRIMARY KEY, name text, labels hstore);
CREATE TABLE sale (id bigint, month int) PARTITION BY LIST (month);
CREATE TABLE sale_1 PARTITION OF sale FOR VALUES IN (1);
CREATE SCHEMA archive AUTHORIZATION clerk;
CREATE TABLE archive.empty (id int);
CREATE INDEX ON product (name);
GRANT SELECT ON product TO clerk;
INSERT INTO product SELECT i, md5(i::text), 'colour=>red' FROM generate_series(1, 20000) i;
INSERT INTO sale VALUES (1, 1);
"""


@pytest.fixture(scope="session")
def sandbox(library: Path) -> Iterator[Sandbox]:
    if os.geteuid() != 0 or not PROGRAMS.exists() or shutil.which("restic") is None:
        pytest.skip("needs root, PostgreSQL 15 and restic")
    with postgresql() as server, open_directory("root") as root:
        server.ask("CREATE DATABASE shop")
        sandbox = Sandbox(root, library, server, root / "repository", root / "trust").open()
        sandbox.sql(SHOP)
        yield sandbox


@pytest.fixture(scope="session")
def story(sandbox: Sandbox) -> Story:
    """The shop is dumped, and then somebody deletes a quarter of its products."""
    result = sandbox.succeed("backup", strategy="full")
    sandbox.sql("DELETE FROM product WHERE id > 15000;")
    return Story(sandbox, result["backup"], result)
