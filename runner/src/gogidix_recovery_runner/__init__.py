# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner service: it decides whether and when a plan runs; the plan decides how."""

from __future__ import annotations

__version__ = "1.0.0.dev0"
