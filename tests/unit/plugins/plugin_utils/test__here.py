# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module in the controller's own process behaves as one that was packed and sent."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.template import trust_as_template

from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._here import Ended, ModuleHere
from ansible_collections.gogidix.disaster_recovery.plugins.plugin_utils._plain import plain

SPECIFICATION = {
    "argument_spec": {
        "name": {"type": "str", "required": True},
        "seconds": {"type": "float", "default": 2.0},
        "password": {"type": "str", "no_log": True},
    },
    "supports_check_mode": True,
}


def ended(act: Any) -> dict[str, Any]:
    with pytest.raises(Ended) as raised:
        act()
    return raised.value.result


def test_options_are_checked_and_completed() -> None:
    module = ModuleHere(SPECIFICATION, {"name": "orders", "seconds": "1.5"}, check_mode=True)
    assert module.params == {"name": "orders", "seconds": 1.5, "password": None}
    assert module.check_mode


@pytest.mark.parametrize("arguments, cause", [({}, "name"), ({"name": "a", "colour": "red"}, "colour")])
def test_a_wrong_option_is_named(arguments: dict[str, Any], cause: str) -> None:
    result = ended(lambda: ModuleHere(SPECIFICATION, arguments, check_mode=False))
    assert result["failed"] and cause in result["msg"] and result["error_code"] == "DR-INPUT"


def test_secrets_do_not_come_back() -> None:
    module = ModuleHere(SPECIFICATION, {"name": "a", "password": "example-secret"}, check_mode=False)
    told = ended(lambda: module.exit_json(changed=True, seen="it was example-secret"))
    assert told["changed"] and "example-secret" not in json.dumps(told)
    failed = ended(lambda: module.fail_json(msg="refused example-secret"))
    assert failed["failed"] and "example-secret" not in json.dumps(failed)


def test_the_controllers_tags_are_taken_off() -> None:
    tagged: dict[str, Any] = {"list": [trust_as_template("text")], "number": 3, "truth": True, "none": None}
    assert tagged["list"][0].__class__ is not str
    bare = plain(tagged)
    assert bare == {"list": ["text"], "number": 3, "truth": True, "none": None}
    assert bare["list"][0].__class__ is str and bare["truth"].__class__ is bool


PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Observe
      gogidix.disaster_recovery.validate:
        checks: [{{name: nobody listens, tcp: {{host: 127.0.0.1, port: 1, silent: true}}}}]
      become: {become}
      register: seen
    - ansible.builtin.copy:
        content: "{{{{ seen | to_json }}}}"
        dest: "{place}/seen.json"
        mode: "0600"
"""


def test_a_play_gets_the_same_result_from_here_as_from_a_packed_module(tmp_path: Path) -> None:
    """Another user's process cannot be this one, so with become the module is packed and sent as ever."""
    told = []
    for become in ("false", "true"):
        (tmp_path / "play.yml").write_text(PLAY.format(become=become, place=tmp_path))
        subprocess.run(
            ["ansible-playbook", "-i", "localhost,", "-e", f"ansible_become_user={getpass.getuser()}", "play.yml"]
            + ["-e", f"ansible_python_interpreter={sys.executable}"],
            check=True,
            cwd=tmp_path,
            capture_output=True,
        )
        told.append(json.loads((tmp_path / "seen.json").read_text()))
    for result in told:
        for check in result["checks"] + result["recovery"]["checks"]:
            del check["seconds"]
    here, sent = told
    assert here["passed"]
    assert {key: here[key] for key in ("checks", "passed", "failed_checks", "recovery", "changed", "failed")} == {
        key: sent[key] for key in ("checks", "passed", "failed_checks", "recovery", "changed", "failed")
    }
