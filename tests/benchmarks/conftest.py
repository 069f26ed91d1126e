"""The benchmarks of backups use the same scratch clusters as the tests of backups."""

from __future__ import annotations

from tests.integration.conftest import library
from tests.integration.postgresql_backup.conftest import make_sandbox

__all__ = ["library", "make_sandbox"]
