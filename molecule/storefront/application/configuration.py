"""What the storefront is told by its configuration file."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Configuration:
    """One site's storefront: where it listens and where its pooler is."""

    site: str
    address: str
    port: int
    connection: str
    patience_seconds: float


def read(path: Path) -> Configuration:
    """Read the file; a missing value is named by configparser's own error."""
    parser = configparser.ConfigParser(interpolation=None)
    with path.open(encoding="utf-8") as lines:
        parser.read_file(lines)
    section = parser["storefront"]
    return Configuration(
        site=section["site"],
        address=section.get("address", "0.0.0.0"),
        port=section.getint("port", fallback=8080),
        connection=section["connection"],
        patience_seconds=section.getfloat("patience_seconds", fallback=2.0),
    )
