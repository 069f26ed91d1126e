# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: nothing outside it may rely on this file.

"""Fencing by power: an order to, and an answer from, something outside of the site (Redfish)."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._change import Description
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._deadline import Deadline
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._errors import (
    AccessError,
    FenceError,
    InputError,
    PreconditionError,
    TlsError,
)
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence.base import FenceMethod, Place
from ansible_collections.gogidix.disaster_recovery.plugins.module_utils._fence_proof import LEVEL_POWER_OFF

OFF = "Off"
ON = "On"
ANSWER_SECONDS = 10.0


class PowerFence(FenceMethod):
    """Runs on the controller, or wherever the power switch is reached from."""

    NAME = "power"
    OPTIONS = {
        "redfish": {
            "type": "dict",
            "required": True,
            "options": {
                "url": {"type": "str", "required": True},
                "user": {"type": "str", "required": True},
                "password": {"type": "str", "required": True, "no_log": True},
                "ca_file": {"type": "path"},
            },
        },
    }
    LEVEL = LEVEL_POWER_OFF
    PLACE = Place.CONTROLLER

    def __init__(self, options: dict[str, Any], *, site: str, members: list[str]) -> None:
        super().__init__(options, site=site, members=members)
        self.redfish = options["redfish"]
        if not self.redfish["url"].startswith("https://"):
            raise InputError(
                "read the option method.power.redfish.url",
                cause=f"{self.redfish['url']} is not https, so the answer could come from anybody",
                next_action="Give an https address",
            )
        ca_file = self.redfish.get("ca_file")
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise InputError(
                "read the option method.power.redfish.ca_file",
                cause=f"{ca_file}: {error}",
                next_action="Give the file of the authority that signed the power switch's certificate",
            ) from error
        # Never through a proxy: the power switch is near, and a proxy may stand at the site that is gone.
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def observe(self) -> Description:
        """The site and every one of its hosts, each asked by name: one that is not known is not off."""
        names = [self.site, *sorted(self.members)]
        with ThreadPoolExecutor(max_workers=min(8, len(names))) as pool:
            states = dict(zip(names, pool.map(self.power_state, names), strict=True))
        return {"fenced": all(state == OFF for state in states.values()), "power": states}

    def stands(self, seen: Description) -> bool:
        """The site is given back when every host of it has power again."""
        return OFF in seen["power"].values()

    def cut(self, before: Description, deadline: Deadline) -> None:
        self.order("ForceOff")

    def release(self, before: Description, deadline: Deadline) -> None:
        self.order("On")

    def order(self, reset: str) -> None:
        self.ask(f"/redfish/v1/Systems/{self.site}/Actions/ComputerSystem.Reset", {"ResetType": reset})

    def power_state(self, name: str) -> str:
        state = self.ask(f"/redfish/v1/Systems/{name}").get("PowerState")
        if not isinstance(state, str):
            raise FenceError(
                f"read the power state of {name}",
                cause="the answer has no PowerState",
                next_action="See whether this is a Redfish service",
            )
        return state

    def ask(self, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request; every refusal and every silence is an error of its own kind."""
        url = self.redfish["url"].rstrip("/") + path
        secret = base64.b64encode(f"{self.redfish['user']}:{self.redfish['password']}".encode()).decode()
        request = urllib.request.Request(
            url,
            data=None if order is None else json.dumps(order).encode(),
            headers={"Authorization": f"Basic {secret}", "Content-Type": "application/json"},
        )
        try:
            with self.opener.open(request, timeout=ANSWER_SECONDS) as answer:
                body = answer.read()
            return json.loads(body) if body else {}
        except (OSError, ValueError) as error:
            raise power_error(url, error) from error


def power_error(url: str, error: Exception) -> FenceError | AccessError | TlsError | PreconditionError:
    """What a failed request means."""
    what = f"ask the power switch at {url}"
    reason = getattr(error, "reason", error)
    if isinstance(error, urllib.error.HTTPError):
        if error.code in (401, 403):
            return AccessError(what, cause=f"it refused us ({error.code})", next_action="Correct user and password")
        return FenceError(what, cause=f"it answered {error.code} {error.reason}", next_action="See its own log")
    if isinstance(reason, ssl.SSLError):
        return TlsError(what, cause=str(reason), next_action="Correct ca_file or the certificate of the switch")
    return PreconditionError(what, cause=str(reason), next_action="See whether it is reachable from here")
