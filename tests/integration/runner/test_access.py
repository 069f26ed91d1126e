# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may ask, what may be asked, and the trail that is left."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.runner.running_service import SITES, RunningService

from gogidix_recovery_runner.database.models import Audit
from gogidix_recovery_runner.database.session import Database
from gogidix_recovery_runner.plans import Role


def ask(service: RunningService, parameters: dict[str, Any], plan: str = "failover") -> dict[str, Any]:
    body = {"plan": plan, "inventory": "small", "parameters": parameters}
    answer = service.http.post("/api/v1/runs", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    return problem


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"recovery_unknown": 1}, "recovery_unknown"),
        ({"ansible_host": "elsewhere"}, "ansible_host"),
        ({"recovery_group": "other"}, "recovery_group"),
        ({"recovery_sites": {}}, "recovery_sites"),
        ({"recovery_mode": "sideways"}, "recovery_mode"),
        ({"recovery_count": "3"}, "recovery_count"),
        ({"recovery_count": True}, "recovery_count"),
        ({"recovery_source_site": "moon"}, "recovery_source_site"),
        ({"recovery_target_site": "north"}, "recovery_target_site"),
        ({"recovery_accept_data_loss": "{{ 1 }}"}, "recovery_accept_data_loss"),
        ({"recovery_accept_data_loss": "!vault x"}, "recovery_accept_data_loss"),
        ({"recovery_accept_data_loss": "a\u0000b"}, "recovery_accept_data_loss"),
        ({"recovery_accept_data_loss": {"__ansible_unsafe": "x"}}, "recovery_accept_data_loss.__ansible_unsafe"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(service: RunningService, wrong: dict[str, Any], field: str) -> None:
    problem = ask(service, {**SITES, **wrong})
    assert f"parameters.{field}" in [error["field"] for error in problem["errors"]]
    assert problem["type"] == "urn:gogidix:recovery:problem:invalid-input"


def test_a_missing_parameter_is_refused_by_name(service: RunningService) -> None:
    assert ask(service, {"recovery_source_site": "north"})["errors"] == [
        {"field": "parameters.recovery_target_site", "message": "is required"}
    ]


def test_an_unknown_field_of_the_request_is_refused(service: RunningService) -> None:
    answer = service.http.post("/api/v1/runs", json={"plan": "failover", "inventory": "small", "environment": "lab"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "environment")


@pytest.mark.parametrize("name", ["failover/../x", "nothing"])
def test_an_unknown_plan_or_inventory_does_not_exist(service: RunningService, name: str) -> None:
    for body in ({"plan": name, "inventory": "small"}, {"plan": "failover", "inventory": name}):
        answer = service.http.post("/api/v1/runs", json=body)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:gogidix:recovery:problem:not-found")


def test_a_plan_that_the_collection_does_not_declare_cannot_be_started(service: RunningService) -> None:
    assert service.begin("restore").status_code == 404
    shown = service.http.get("/api/v1/plans").json()["plans"]
    assert {plan["name"] for plan in shown if plan["is_startable"]} == {"failover", "failback", "validate"}


def test_without_a_valid_token_nothing_but_health_is_answered(service: RunningService) -> None:
    token = service.tokens[Role.ADMIN]
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    for authorization in (
        {"Authorization": ""},
        {"Authorization": f"Bearer {wrong}"},
        {"Authorization": f"Basic {token}"},
    ):
        for path in ("/api/v1/runs", "/api/v1/plans", "/api/v1/inventories", "/api/v1/status", "/api/v1/runs/x/log"):
            answer = service.http.get(path, headers=authorization)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
    assert service.http.get("/livez", headers={"Authorization": ""}).json()["status"] == "up"


def test_a_role_starts_only_what_its_plans_list(service: RunningService) -> None:
    body = {"plan": "failover", "inventory": "small", "parameters": SITES}
    denied = service.http.post("/api/v1/runs", json=body, headers=service.authorization(Role.BACKUP_ADMIN))
    assert (denied.status_code, denied.json()["roles"]) == (403, ["ADMIN", "RECOVERY_ADMIN"])


def test_refusals_and_denials_are_in_the_audit_log_with_the_id_of_their_request(service: RunningService) -> None:
    headers = {**service.authorization(Role.BACKUP_ADMIN), "X-Request-ID": "audit-me"}
    body = {"plan": "failover", "inventory": "small", "parameters": SITES}
    assert service.http.post("/api/v1/runs", json=body, headers=headers).headers["X-Request-ID"] == "audit-me"
    service.http.get("/api/v1/runs", headers={"Authorization": "", "X-Request-ID": "nobody-asks"})
    database = Database(f"sqlite:///{service.data}/records.sqlite3")
    with database.reading() as session:
        rows = {row.request_id: row for row in session.query(Audit)}
    database.close()
    assert (rows["audit-me"].actor, rows["audit-me"].outcome) == ("backup_admin", "denied")
    assert rows["audit-me"].action == "POST /api/v1/runs"
    assert (rows["nobody-asks"].actor, rows["nobody-asks"].outcome) == ("nobody", "denied")


def test_the_schema_of_a_plan_is_published_for_each_inventory(service: RunningService) -> None:
    schema = service.http.get("/api/v1/plans/failover").json()["schemas"]["small"]
    assert schema["required"] == ["recovery_source_site", "recovery_target_site"]
    assert schema["properties"]["recovery_source_site"]["enum"] == ["north", "south"]
    assert schema["properties"]["recovery_passphrase"]["writeOnly"] is True
    assert not {"recovery_group", "recovery_sites"} & set(schema["properties"])


def test_runs_are_listed_in_pages_and_by_filters(service: RunningService) -> None:
    started = [service.begin("validate", check=True, recovery_count=0).json()["id"] for _time in range(3)]
    for run_id in started:
        service.http.post(f"/api/v1/runs/{run_id}/cancel")
    first = service.http.get("/api/v1/runs", params={"plan": "validate", "limit": 2}).json()
    assert [run["id"] for run in first["runs"]] == [started[2], started[1]]
    second = service.http.get(first["next"]).json()
    assert next(run["id"] for run in second["runs"]) == started[0]
    for run_id in started:
        service.wait(run_id)
    assert service.http.get("/api/v1/runs", params={"status": "running"}).json()["runs"] == []
    assert service.http.get("/api/v1/runs", params={"cursor": "bm9uZQ"}).status_code == 422
