# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures that stand in a record are found there, whatever else it holds; a garbled one tells nothing."""

from __future__ import annotations

import json

import pytest

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._engine._restic_figures import (
    LATE,
    early_tags,
    figures_in,
    figures_of,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import IntegrityError

FIGURES = {name: f"{number}" for number, name in enumerate(LATE)}
SETS = {"0123": FIGURES, "4567": {**FIGURES, "size": "9"}}
ODD = '/srv/a, "figures": {"x"'


def test_the_figures_are_the_last_of_the_record_whatever_its_paths_are_called() -> None:
    manifest = {ODD: ["file"], "/srv/figures": ["file"], "figures": ["file"]}
    record = {"manifest": manifest, "changed": {ODD: "vanished"}, "figures": SETS}
    assert figures_in(json.dumps(record), "read it") == SETS


@pytest.mark.parametrize(
    "text",
    [
        "",
        json.dumps({"manifest": {}}),
        json.dumps({"manifest": {}, "figures": SETS})[:-9],
        json.dumps({"manifest": {}, "figures": {"0123": {"size": "1"}}}),
        json.dumps({"manifest": {}, "figures": [FIGURES]}),
        json.dumps({"manifest": {}, "figures": {"0123": "x"}}),
    ],
    ids=["empty", "without", "cut off", "incomplete", "a list", "no figures"],
)
def test_a_record_without_sound_figures_is_garbled(text: str) -> None:
    with pytest.raises(IntegrityError, match="its record lacks or garbles"):
        figures_in(text, "read it")


def test_tags_are_what_is_known_before_and_figures_what_is_known_after() -> None:
    tags = {"stanza": "shop", **FIGURES}
    assert early_tags(tags) == {"stanza": "shop", "figures": "inside"}
    assert figures_of(tags) == FIGURES
