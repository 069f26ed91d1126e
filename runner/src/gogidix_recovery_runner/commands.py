# Copyright (c) 2026, gogidix.disaster_recovery contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: serve, migrate, token, openapi, and run, a small client of the API."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import timedelta

import httpx
import yaml

from .client import RunnerClient
from .database.session import Database
from .database.tokens import Tokens
from .errors import InvalidInput, RunnerError
from .openapi import as_markdown, description
from .plans import Role
from .serving import serve
from .settings import Settings, read_settings

REFUSED = 2


def _settings() -> Settings:
    return read_settings(os.environ)


def _serve(_arguments: argparse.Namespace) -> int:
    serve(_settings())
    return 0


def _database() -> Database:
    settings = _settings()
    settings.data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database_url)
    database.migrate()
    return database


def _migrate(_arguments: argparse.Namespace) -> int:
    _database().close()
    return 0


def _create_token(arguments: argparse.Namespace) -> int:
    lifetime = timedelta(days=arguments.days) if arguments.days else None
    print(Tokens(_database()).create(arguments.name, Role(arguments.role), lifetime=lifetime))
    return 0


def _revoke_token(arguments: argparse.Namespace) -> int:
    Tokens(_database()).revoke(arguments.name)
    return 0


def _list_tokens(_arguments: argparse.Namespace) -> int:
    for row in Tokens(_database()).all():
        state = "revoked" if row.revoked_at else "valid"
        print(f"{row.name}  {row.role}  {state}  made {row.created_at:%Y-%m-%dT%H:%M:%SZ}")
    return 0


def _openapi(arguments: argparse.Namespace) -> int:
    found = description()
    print(as_markdown(found) if arguments.markdown else json.dumps(found, indent=2))
    return 0


def read_parameters(pairs: Sequence[str]) -> dict[str, object]:
    """``key=value`` pairs; numbers and truth values as YAML reads them, everything else is text."""
    parameters: dict[str, object] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            raise InvalidInput(f"-p {pair}: give parameters as key=value.")
        value = yaml.safe_load(text) if text[:1] not in ("!", "{", "[", "&", "*") else text
        parameters[key] = value if isinstance(value, (bool, int, float)) else text
    return parameters


def _run(arguments: argparse.Namespace) -> int:
    """Exit code 0: the run succeeded, or, without --wait, began. 1: it ended otherwise. 2: it was refused."""
    token = os.environ.get("DISASTER_RECOVERY_TOKEN")
    if not token:
        raise InvalidInput("Set DISASTER_RECOVERY_TOKEN to a token (see: token create).")
    with RunnerClient(os.environ.get("DISASTER_RECOVERY_API", "http://127.0.0.1:8891"), token) as client:
        run = client.start(
            arguments.plan,
            arguments.inventory,
            read_parameters(arguments.parameter),
            check=arguments.check,
            idempotency_key=arguments.idempotency_key,
        )
        print(f"run {run['id']}: {run['status']}", flush=True)
        if not arguments.wait:
            return 0
        for event in client.follow(run["id"]):
            if event.kind == "event" and event.data["stdout"]:
                print(event.data["stdout"], flush=True)
            elif event.kind == "end":
                run = event.data
    print(f"run {run['id']}: {run['status']}, {run['verdict']}" + (f": {run['error']}" if run["error"] else ""))
    return 0 if run["status"] == "succeeded" else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gogidix_recovery_runner", description="The disaster recovery runner service."
    )
    parser.set_defaults(act=_serve)
    commands = parser.add_subparsers(metavar="COMMAND")
    commands.add_parser("serve", help="serve the API (this is what happens without a command)").set_defaults(act=_serve)
    commands.add_parser("migrate", help="bring the records to this version").set_defaults(act=_migrate)
    openapi = commands.add_parser("openapi", help="print the description of the API")
    openapi.add_argument("--markdown", action="store_true", help="as a page to read, instead of JSON")
    openapi.set_defaults(act=_openapi)
    _add_token_commands(commands.add_parser("token", help="make, list and revoke tokens"))
    run = commands.add_parser("run", help="start a plan through the API")
    run.add_argument("plan")
    run.add_argument("--inventory", required=True)
    run.add_argument("-p", "--parameter", action="append", default=[], metavar="KEY=VALUE")
    run.add_argument("--check", action="store_true", help="change nothing")
    run.add_argument("--wait", action="store_true", help="follow the run to its end")
    run.add_argument("--idempotency-key")
    run.set_defaults(act=_run)
    return parser


def _add_token_commands(token: argparse.ArgumentParser) -> None:
    commands = token.add_subparsers(metavar="ACTION", required=True)
    create = commands.add_parser("create", help="print a new token, this once")
    create.add_argument("name")
    create.add_argument("--role", choices=[str(role) for role in Role], required=True)
    create.add_argument("--days", type=int, help="after how many days it expires")
    create.set_defaults(act=_create_token)
    revoke = commands.add_parser("revoke", help="take a token's power away")
    revoke.add_argument("name")
    revoke.set_defaults(act=_revoke_token)
    commands.add_parser("list", help="list the tokens").set_defaults(act=_list_tokens)


def main(words: Sequence[str] | None = None) -> None:
    arguments = _parser().parse_args(words)
    try:
        sys.exit(arguments.act(arguments))
    except RunnerError as error:
        print(f"{error.title}: {error.detail}", file=sys.stderr)
    except httpx.TransportError as error:
        print(f"The service does not answer: {error}. Start it, or correct DISASTER_RECOVERY_API.", file=sys.stderr)
    sys.exit(REFUSED)
