# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m gogidix_recovery_runner``: serve, or one of the other commands."""

from __future__ import annotations

from .commands import main

if __name__ == "__main__":
    main()
