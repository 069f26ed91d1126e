# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The description of the API, as JSON and as a page; made from the application itself, so that it cannot drift."""

from __future__ import annotations

import tempfile
from typing import Any

from .app import create_app
from .service import Service
from .settings import PREFIX, TABLE, read_settings

_METHODS = ("get", "post", "put", "patch", "delete")


def description() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        service = Service(read_settings({f"{PREFIX}DATA_DIRECTORY": scratch}))
        try:
            return create_app(service).openapi()
        finally:
            service.database.close()


def as_markdown(found: dict[str, Any]) -> str:
    lines = [
        "# API of the runner service",
        "",
        "Made by `python -m gogidix_recovery_runner openapi --markdown`; do not edit. The same as OpenAPI"
        " (JSON) stands at `/openapi.json` of the running service, and can be tried at `/docs`.",
        "",
        *_conventions(),
        "## Routes",
        "",
    ]
    for path, operations in found["paths"].items():
        for method in _METHODS:
            if method in operations:
                lines += _operation(method, path, operations[method])
    lines += ["## Shapes", ""]
    for name, schema in sorted(found["components"]["schemas"].items()):
        if schema.get("properties"):
            lines += _shape(name, schema)
    return "\n".join([*lines, *_settings()]).rstrip()


def _conventions() -> list[str]:
    return [
        "- Every route below `/api/v1` wants `Authorization: Bearer gdr_...`"
        " (`python -m gogidix_recovery_runner token create NAME --role ADMIN`).",
        "- Errors are `application/problem+json` with a stable `type` URN; 409 names the run that holds what is wanted"
        " (`holder`), 422 names each wrong field (`errors`).",
        "- `Idempotency-Key` is unique for each token: the same request again is the same run,"
        " another request is a 422.",
        "- Instants are UTC (RFC 3339). `X-Request-ID` is echoed and stands in the audit log.",
        "- The stream (server-sent events) sends `run` when the status changes, `event` with the counter as id,"
        " and `end`; `Last-Event-ID` takes it up again.",
        "",
    ]


def _operation(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    lines = [f"### `{method.upper()} {path}`", "", operation.get("description", operation["summary"]), ""]
    parameters = [found for found in operation.get("parameters", []) if found["in"] != "path"]
    if parameters:
        lines += ["| parameter | in | type | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{found['name']}` | {found['in']} | {_type(found['schema'])} | {found.get('description', '')} |"
            for found in parameters
        ]
        lines.append("")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        lines += [f"Request: {_type(body)}", ""]
    for status, answer in sorted(operation["responses"].items()):
        if status.startswith("2"):
            kinds = ", ".join(f"`{kind}`" for kind in answer.get("content", {}))
            shapes = [_type(content["schema"]) for content in answer.get("content", {}).values() if "schema" in content]
            lines += [f"Answer {status}: {kinds} {' '.join(sorted(set(shapes)))}".rstrip(), ""]
    return lines


def _shape(name: str, schema: dict[str, Any]) -> list[str]:
    required = set(schema.get("required", []))
    lines = [f"### {name}", "", schema.get("description", ""), "", "| field | type | meaning |", "|---|---|---|"]
    for field, found in schema["properties"].items():
        optional = "" if field in required else " (optional)"
        lines.append(f"| `{field}` | {_type(found)}{optional} | {found.get('description', '')} |")
    return [*lines, ""]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))


def _settings() -> list[str]:
    lines = ["## Settings", "", "| environment variable | meaning | unless given |", "|---|---|---|"]
    for variable in TABLE.values():
        default = "see its meaning" if callable(variable.default) else variable.default
        lines.append(f"| `{variable.environment}` | {variable.meaning} | {'none' if default is None else default} |")
    return [
        *lines,
        "",
        "An unknown `DISASTER_RECOVERY_` variable, or a value that cannot be used, stops the start.",
        "",
    ]
