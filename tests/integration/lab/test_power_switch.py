"""The power switch: it obeys those who may order, and says what it sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.integration.lab.lab_command import LabCommand

SYSTEMS = "https://power.storefront.example:8443/redfish/v1/Systems"


def request(lab: LabCommand, path: str, order: str | None = None, password: str | None = None) -> tuple[int, Any]:
    secret = password or (lab.directory / "power" / "password").read_text()
    words = ["curl", "--silent", "--cacert", str(lab.directory / "tls" / "ca.pem"), "--user", f"recovery:{secret}"]
    if order is not None:
        words += ["--json", json.dumps({"ResetType": order})]
    body, _newline, code = lab.do("exec", *words, "--write-out", "\n%{http_code}", f"{SYSTEMS}{path}").rpartition("\n")
    return int(code), json.loads(body) if body else None


def test_a_site_is_off_when_all_its_hosts_are(lab: LabCommand) -> None:
    lab.do("power-off", "fra-db1")
    code, system = request(lab, "/frankfurt")
    assert (code, system["PowerState"]) == (200, "On")
    assert {member["Id"]: member["PowerState"] for member in system["Members"]}["fra-db1"] == "Off"
    assert request(lab, "/frankfurt/Actions/ComputerSystem.Reset", "ForceOff") == (204, None)
    assert request(lab, "/frankfurt")[1]["PowerState"] == "Off"
    assert lab.knock("controller", "10.10.1.31") == "silence"
    assert request(lab, "/frankfurt/Actions/ComputerSystem.Reset", "On") == (204, None)
    assert lab.ssh("fra-proxy1", "hostname").strip() == "fra-proxy1"


def test_a_host_is_restarted(lab: LabCommand) -> None:
    before = lab.status()["hosts"]["dub-app1"]["pid"]
    assert request(lab, "/dub-app1/Actions/ComputerSystem.Reset", "ForceRestart")[0] == 204
    assert lab.status()["hosts"]["dub-app1"]["pid"] not in (None, before)


@pytest.mark.parametrize(
    ("path", "order", "password", "expected"),
    [
        ("/frankfurt", None, "guess", 401),
        ("/frankfurt/Actions/ComputerSystem.Reset", "ForceOff", "guess", 401),
        ("/atlantis", None, None, 404),
        ("/atlantis/Actions/ComputerSystem.Reset", "On", None, 404),
        ("/fra-db1/Actions/ComputerSystem.Reset", "Explode", None, 400),
    ],
)
def test_what_is_not_allowed_changes_nothing(
    lab: LabCommand, path: str, order: str | None, password: str | None, expected: int
) -> None:
    code, body = request(lab, path, order, password)
    assert code == expected
    assert body["error"]["message"]
    assert lab.status()["hosts"]["fra-db1"]["power"] == "on"
