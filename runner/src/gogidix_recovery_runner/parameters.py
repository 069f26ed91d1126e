# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of a plan: a schema read from the collection's argument specs, and the check against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from .errors import InvalidConfiguration, InvalidInput
from .inventories import Inventory
from .settings import Settings

Schema = dict[str, Any]
MASK = "********"

_TYPES: dict[str, Schema] = {
    "str": {"type": "string", "maxLength": 10000},
    "path": {"type": "string", "maxLength": 4096},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "dict": {"type": "object"},
    "list": {"type": "array", "maxItems": 1000},
    "raw": {"type": ["string", "integer", "number", "boolean"]},
}
_TEMPLATE = re.compile(r"\{\{|\{%|\{#")
_TAG = re.compile(r"^\s*!\S")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RESERVED_KEY = re.compile(r"^_*ansible", re.IGNORECASE)
# What the service itself gives to a plan, never a caller.
GIVEN_BY_SERVICE = frozenset({"recovery_run_id", "recovery_deadline_at"})


def specs_path(settings: Settings) -> Path:
    namespace, _dot, name = settings.collection.partition(".")
    role = settings.collections_path / "ansible_collections" / namespace / name / "roles" / "plan_input"
    return role / "meta" / "argument_specs.yml"


def read_specs(settings: Settings) -> dict[str, dict[str, Any]]:
    """The options of every plan, as the collection declares them."""
    path = specs_path(settings)
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        return {plan: entry.get("options") or {} for plan, entry in entries.items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise InvalidConfiguration(f"The parameters of the plans cannot be read from {path}: {error}") from error


def schema_of(options: dict[str, Any], inventory: Inventory) -> Schema:
    """What a caller may give: not what the inventory sets, nor whole structures, which are configuration."""
    given = {
        name: option
        for name, option in options.items()
        if name not in inventory.variables and name not in GIVEN_BY_SERVICE and option.get("type") != "dict"
    }
    properties = {name: _property(option) for name, option in given.items()}
    for name, schema in properties.items():
        known = inventory.names.get(name.rpartition("_")[2])
        if known and schema["type"] == "string" and "enum" not in schema:
            # What is optional may be left blank, as its default is.
            schema["enum"] = known if given[name].get("required") else [*known, ""]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": sorted(name for name, option in given.items() if option.get("required")),
        "additionalProperties": False,
    }


def _property(option: dict[str, Any]) -> Schema:
    schema: Schema = dict(_TYPES.get(option.get("type", "str"), _TYPES["raw"]))
    description = option.get("description", "")
    schema["description"] = " ".join(description) if isinstance(description, list) else description
    if "choices" in option:
        schema["enum"] = list(option["choices"])
    if "default" in option:
        schema["default"] = option["default"]
    if schema["type"] == "array" and "elements" in option:
        schema["items"] = _property({"type": option["elements"], "options": option.get("options")})
    if schema["type"] == "object" and option.get("options"):
        inner = option["options"]
        schema["properties"] = {name: _property(value) for name, value in inner.items()}
        schema["required"] = sorted(name for name, value in inner.items() if value.get("required"))
        schema["additionalProperties"] = False
    if option.get("no_log"):
        schema["writeOnly"] = True
    return schema


def check_parameters(parameters: dict[str, Any], schema: Schema, inventory: Inventory) -> None:
    """Raise InvalidInput that names every field that is wrong; nothing is ever coerced."""
    errors = [
        {"field": field, "message": message}
        for field, message in (*_unsafe(parameters, "parameters"), *_against(parameters, schema, inventory))
    ]
    source, target = parameters.get("recovery_source_site"), parameters.get("recovery_target_site")
    if source and source == target:
        message = f"is {target}, the same as recovery_source_site"
        errors.append({"field": "parameters.recovery_target_site", "message": message})
    if errors:
        first = errors[0]
        raise InvalidInput(f"{first['field']} {first['message']}.", errors=errors)


def _against(parameters: dict[str, Any], schema: Schema, inventory: Inventory) -> Iterator[tuple[str, str]]:
    for name in sorted(set(parameters) - set(schema["properties"])):
        if name in inventory.variables:
            yield f"parameters.{name}", f"is configuration of the inventory {inventory.name} and cannot be given"
        else:
            known = ", ".join(sorted(schema["properties"])) or "none"
            yield f"parameters.{name}", f"is not a parameter of this plan (known: {known})"
    for name in schema["required"]:
        if name not in parameters:
            yield f"parameters.{name}", "is required"
    validator = jsonschema.Draft202012Validator(schema)
    for error in validator.iter_errors({k: v for k, v in parameters.items() if k in schema["properties"]}):
        if error.validator != "required" or error.absolute_path:
            place = ".".join(["parameters", *(str(part) for part in error.absolute_path)])
            yield place, _said(error)


def _said(error: jsonschema.ValidationError) -> str:
    """The message without the value: a value may be secret."""
    if error.validator == "enum":
        choices: Any = error.validator_value
        return f"must be one of {', '.join(map(str, choices))}"
    if error.validator == "type":
        return f"must be of type {error.validator_value}"
    return f"does not satisfy {error.validator}: {error.validator_value}"


def _unsafe(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """What could reach Ansible as more than text: templates, tags, magic keys, control characters."""
    if isinstance(value, dict):
        for key, item in value.items():
            if _RESERVED_KEY.match(key):
                yield f"{place}.{key}", "begins with ansible, which is reserved"
            yield from _unsafe(item, f"{place}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unsafe(item, f"{place}.{index}")
    elif isinstance(value, str):
        if _TEMPLATE.search(value):
            yield place, "holds a template expression, and only plain text is taken"
        if _TAG.match(value):
            yield place, "begins with a YAML tag, and only plain text is taken"
        if _CONTROL.search(value):
            yield place, "holds control characters"


def secrets_of(parameters: dict[str, Any], schema: Schema) -> list[str]:
    """The values of parameters that are declared secret."""
    return [str(value) for name, value in parameters.items() if schema["properties"].get(name, {}).get("writeOnly")]


def masked(parameters: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """The parameters as they may be stored and shown."""
    return {
        name: MASK if schema["properties"].get(name, {}).get("writeOnly") else value
        for name, value in parameters.items()
    }
