# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""The options of each engine, apart from the engines: every module declares all of them, and works with one."""

from __future__ import annotations

from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._files_documents import COLLECTORS
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._wal import DEFAULT_SEGMENT_BYTES
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._snapshot.registry import snapshot_spec

FILES: dict[str, Any] = {
    "stanza": {"type": "str", "required": True},
    "paths": {"type": "list", "elements": "str", "required": True},
    "excludes": {"type": "list", "elements": "str", "default": []},
    "kind": {
        "type": "str",
        "choices": ["filesystem", "configuration", "application_state", "logs"],
        "default": "filesystem",
    },
    "host": {"type": "str"},
    "one_file_system": {"type": "bool", "default": True},
    "on_change": {"type": "str", "choices": ["report", "fail"], "default": "report"},
    "unreadable": {"type": "str", "choices": ["fail", "partial"], "default": "fail"},
    "manifest": {"type": "str", "choices": ["metadata", "hashes"], "default": "metadata"},
    "collect": {"type": "list", "elements": "str", "choices": sorted(COLLECTORS), "default": []},
    "hooks": {
        "type": "dict",
        "options": {name: {"type": "list", "elements": "str", "default": []} for name in ("quiesce", "release")},
    },
    "snapshot": snapshot_spec(),
    "staging_directory": {"type": "path", "default": "/var/lib/recovery/staging"},
}

MARIADB: dict[str, Any] = {
    "version": {"type": "str", "required": True},
    "stanza": {"type": "str", "required": True},
    "data_directory": {"type": "path", "default": "/var/lib/mysql"},
    "socket": {"type": "path", "default": "/run/mysqld/mysqld.sock"},
    "port": {"type": "int", "default": 3306},
    "defaults_file": {"type": "path"},
    "database": {"type": "str"},
    "user": {"type": "str", "default": "mysql"},
    "binary_log": {"type": "path"},
    "start_command": {"type": "list", "elements": "str"},
}

POSTGRESQL: dict[str, Any] = {
    "version": {"type": "int", "required": True},
    "cluster": {"type": "str", "default": "main"},
    "port": {"type": "int", "default": 5432},
    "database": {"type": "str"},
    "stanza": {"type": "str", "required": True},
    "data_directory": {"type": "path"},
    "configuration_directory": {"type": "path"},
    "binary_directory": {"type": "path"},
    "socket_directory": {"type": "path"},
    "wal_segment_bytes": {"type": "int", "default": DEFAULT_SEGMENT_BYTES},
}

POSTGRESQL_DUMP: dict[str, Any] = {
    "version": {"type": "int", "required": True},
    "database": {"type": "str", "required": True},
    "stanza": {"type": "str", "required": True},
    "port": {"type": "int", "default": 5432},
    "socket_directory": {"type": "path"},
    "binary_directory": {"type": "path"},
    "user": {"type": "str", "default": "postgres"},
}

OPTIONS = {"files": FILES, "mariadb": MARIADB, "postgresql": POSTGRESQL, "postgresql_dump": POSTGRESQL_DUMP}
