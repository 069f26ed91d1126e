# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file by which values reach Ansible: 0600, every text tagged unsafe, so that it stays text."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import yaml

VALUES = "values.yml"
SECRETS = "secrets.json"


class _Literal(str):
    """A text that Ansible must never template."""


class _Dumper(yaml.SafeDumper):
    """Writes texts with Ansible's own tag for them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_literal(dumper: yaml.SafeDumper, text: _Literal) -> yaml.ScalarNode:
    return dumper.represent_scalar("!unsafe", str(text), style='"')


_Dumper.add_representer(_Literal, _represent_literal)


def _literal(value: Any) -> Any:
    if isinstance(value, str):
        return _Literal(value)
    if isinstance(value, dict):
        return {str(key): _literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return value


def as_yaml(parameters: dict[str, Any]) -> str:
    return yaml.dump(_literal(parameters), Dumper=_Dumper, allow_unicode=True, width=10**6, default_flow_style=False)


def write_values(directory: Path, parameters: dict[str, Any], secrets: list[str]) -> None:
    """Lay down the values and the list of the secret ones in a private directory of their own."""
    directory.mkdir(mode=0o700)
    for name, text in ((VALUES, as_yaml(parameters)), (SECRETS, json.dumps(secrets))):
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def read_secrets(directory: Path) -> list[str]:
    secrets: list[str] = json.loads((directory / SECRETS).read_text(encoding="utf-8"))
    return secrets
