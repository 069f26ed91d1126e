# Copyright: (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Give a host its duties (files and services) in one call: a second remote task costs more than all of this."""

from __future__ import annotations

import base64
import glob
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
    "base64": {"type": "bool", "default": False},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str"},
    "mode": {"type": "str"},
    "initial": {"type": "bool", "default": False},
}
SERVICE = {
    "name": {"type": "str", "required": True},
    "run": {"type": "str", "choices": ["always", "when_changed", "later"], "default": "always"},
}
DUTY = {
    "name": {"type": "str", "required": True},
    "files": {"type": "list", "elements": "dict", "options": FILE, "default": []},
    "services": {"type": "list", "elements": "dict", "options": SERVICE, "default": []},
}


class File:
    """A file, or without a content a directory. An initial one is left alone once it is there."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.path: str = wanted["path"]
        self.initial: bool = wanted["initial"]
        self.content: bytes | None = None
        if wanted["content"] is not None:
            text: str = wanted["content"]
            self.content = base64.b64decode(text) if wanted["base64"] else text.encode()
        self.mode = int(wanted["mode"] or ("0755" if self.content is None else "0644"), 8)
        self.owner = pwd.getpwnam(wanted["owner"]).pw_uid
        self.group = grp.getgrnam(wanted["group"] or wanted["owner"]).gr_gid

    def is_right(self) -> bool:
        if not os.path.exists(self.path):
            return False
        if self.initial:
            return True
        found = os.stat(self.path)
        if (found.st_uid, found.st_gid, found.st_mode & 0o7777) != (self.owner, self.group, self.mode):
            return False
        if self.content is None:
            return os.path.isdir(self.path)
        with open(self.path, "rb") as present:
            return present.read() == self.content

    def write(self) -> None:
        if self.content is None:
            os.makedirs(self.path, exist_ok=True)
            self._own(self.path)
            return
        handle, new = tempfile.mkstemp(dir=os.path.dirname(self.path))
        with open(handle, "wb") as target:
            target.write(self.content)
        self._own(new)
        os.replace(new, self.path)

    def _own(self, path: str) -> None:
        shutil.chown(path, self.owner, self.group)
        os.chmod(path, self.mode)


class Service:
    """A service of the host's init scripts."""

    def __init__(self, module: AnsibleModule, name: str) -> None:
        self._module = module
        self._name = name

    def is_enabled(self) -> bool:
        return bool(glob.glob(f"/etc/rc2.d/S??{self._name}"))

    def enable(self) -> None:
        self._module.run_command(["update-rc.d", self._name, "defaults"], check_rc=True)

    def is_running(self) -> bool:
        return bool(self._module.run_command(["service", self._name, "status"])[0] == 0)

    def do(self, verb: str) -> None:
        self._module.run_command(["service", self._name, verb], check_rc=True)


def serve(module: AnsibleModule, wanted: dict[str, Any], files_changed: bool) -> list[str]:
    """Bring one service into its state; return what had to be done."""
    service = Service(module, wanted["name"])
    verbs = [] if service.is_enabled() else ["enable"]
    if wanted["run"] != "later" and files_changed:
        verbs.append("restart")
    elif wanted["run"] == "always" and not service.is_running():
        verbs.append("start")
    if not module.check_mode:
        for verb in verbs:
            service.enable() if verb == "enable" else service.do(verb)
    return [f"{verb} {wanted['name']}" for verb in verbs]


def take_on(module: AnsibleModule, duty: dict[str, Any]) -> list[str]:
    """Write the files of one duty, then run its services; a service starts again when a file has changed."""
    wrong = [file for file in map(File, duty["files"]) if not file.is_right()]
    if not module.check_mode:
        for file in wrong:
            file.write()
    done = [f"write {file.path}" for file in wrong]
    for service in duty["services"]:
        done += serve(module, service, files_changed=bool(wrong))
    return done


def main() -> None:
    module = AnsibleModule(
        argument_spec={"duties": {"type": "list", "elements": "dict", "required": True, "options": DUTY}},
        supports_check_mode=True,
    )
    done = [entry for duty in module.params["duties"] for entry in take_on(module, duty)]
    module.exit_json(changed=bool(done), done=done)


if __name__ == "__main__":
    main()
