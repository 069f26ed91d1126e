#!/usr/bin/python
# Copyright: (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Write all files and directories of one duty in one call: a remote task costs more than the files do."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule

FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "no_log": True},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "str"},
    "initial": {"type": "bool", "default": False},
}


def mode_of(wanted: dict[str, Any]) -> int:
    """The mode as a number; without one, everybody may read."""
    return int(wanted["mode"] or ("0755" if wanted["content"] is None else "0644"), 8)


def is_right(wanted: dict[str, Any]) -> bool:
    """Whether the path is there with this content, owner and mode."""
    path = wanted["path"]
    if not os.path.exists(path):
        return False
    if wanted["initial"]:
        return True
    found = os.stat(path)
    owner = (pwd.getpwnam(wanted["owner"]).pw_uid, grp.getgrnam(wanted["group"]).gr_gid)
    if (found.st_uid, found.st_gid) != owner or found.st_mode & 0o7777 != mode_of(wanted):
        return False
    if wanted["content"] is None:
        return os.path.isdir(path)
    with open(path, encoding="utf-8") as lines:
        return lines.read() == wanted["content"]


def write(module: AnsibleModule, wanted: dict[str, Any]) -> None:
    path = wanted["path"]
    if wanted["content"] is None:
        os.makedirs(path, exist_ok=True)
    else:
        handle, new = tempfile.mkstemp(dir=module.tmpdir)
        with open(handle, "w", encoding="utf-8") as lines:
            lines.write(wanted["content"])
        module.atomic_move(new, path)
    shutil.chown(path, wanted["owner"], wanted["group"])
    os.chmod(path, mode_of(wanted))


def main() -> None:
    module = AnsibleModule(
        argument_spec={"files": {"type": "list", "elements": "dict", "required": True, "options": FILE}},
        supports_check_mode=True,
    )
    wrong = [wanted for wanted in module.params["files"] if not is_right(wanted)]
    if not module.check_mode:
        for wanted in wrong:
            write(module, wanted)
    module.exit_json(changed=bool(wrong), paths=[wanted["path"] for wanted in wrong])


if __name__ == "__main__":
    main()
