"""The lab's command, started by molecule/lab from anywhere and by anybody."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from recovery_lab import command_line

    sys.exit(command_line.main(sys.argv))
