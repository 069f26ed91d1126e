"""The command storefront-load: run, summary, reconcile."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storefront.load.client import Client
from storefront.load.load import Load, Pace
from storefront.load.record import Record, entries
from storefront.load.resolver import Resolver
from storefront.load.summary import reconciliation, summary

RECORD = Path("/var/lib/recovery-probe/record.jsonl")
NAME_SERVERS = ["10.30.1.12", "10.10.1.31", "10.20.1.31"]


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Shop until SIGTERM, SIGINT or the end of the duration; then say what it was like."""
    name = urlsplit(options.url).hostname or ""
    client = Client(options.url, Resolver(name, options.name_server or NAME_SERVERS))
    record = Record(options.record, options.acknowledged)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    pace = Pace(options.rate, options.workers, options.timeout, options.retry, options.duration)
    Load(client, record, pace).run(stop)
    client.close()
    record.close()
    seen = summary(entries(options.record, offset=record.begins_at))
    seen["record"] = str(options.record)
    seen["acknowledged_file"] = str(options.acknowledged) if options.acknowledged else None
    if options.summary:
        replace(options.summary, json.dumps(seen, indent=2) + "\n")
    return seen


def replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def summarize(options: argparse.Namespace) -> dict[str, Any]:
    return summary(entries(options.record, since=options.since, until=options.until))


def reconcile(options: argparse.Namespace) -> dict[str, Any]:
    present = ids_in_database(options.dsn) if options.dsn else set(options.present.read_text().split())
    return reconciliation(entries(options.record, since=options.since, until=options.until), present)


def ids_in_database(connection_string: str) -> Collection[str]:
    """Passwords come from libpq's own places (PGPASSFILE), not from the command line."""
    import psycopg2  # Only this command needs it.

    connection = psycopg2.connect(connection_string)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id::text FROM orders")
            return {row[0] for row in cursor.fetchall()}
    finally:
        connection.close()


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="storefront-load", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    part = argparse.ArgumentParser(add_help=False)
    part.add_argument("--record", type=Path, default=RECORD, help="the record (%(default)s)")
    part.add_argument("--since", type=float, default=0.0, help="only requests from here on (epoch seconds)")
    part.add_argument("--until", type=float, default=float("inf"), help="only requests up to here")
    shop = commands.add_parser("run", help="place orders at a steady rate and record every answer")
    shop.set_defaults(what=run)
    describe_run(shop)
    commands.add_parser("summary", parents=[part], help="figures of the record").set_defaults(what=summarize)
    compare = commands.add_parser("reconcile", parents=[part], help="compare acknowledged orders with those present")
    compare.set_defaults(what=reconcile)
    source = compare.add_mutually_exclusive_group(required=True)
    source.add_argument("--dsn", help="connection string of the database, without password")
    source.add_argument("--present", type=Path, help="file with one present id per line")
    return parser


def describe_run(shop: argparse.ArgumentParser) -> None:
    add = shop.add_argument
    add("--url", default="http://shop.storefront.example", help="the shop's public URL (%(default)s)")
    add("--name-server", action="append", metavar="ADDRESS", help="may be given several times, tried in this order")
    add("--rate", type=float, default=Pace.rate, help="orders per second (%(default)s)")
    add("--workers", type=int, default=Pace.workers, help="most requests under way at a time (%(default)s)")
    add("--timeout", type=float, default=Pace.timeout, help="seconds until a request counts as failed (%(default)s)")
    add("--retry", type=int, default=Pace.retries, help="times a failed request is sent again (%(default)s)")
    add("--duration", type=float, help="stop after so many seconds (without: on SIGTERM)")
    add("--record", type=Path, default=RECORD, help="file to append to (%(default)s)")
    add("--acknowledged", type=Path, help="file to append the ids of acknowledged orders to")
    add("--summary", type=Path, help="file to write the closing summary to, beside printing it")


def main() -> int:
    options = arguments().parse_args()
    try:
        print(json.dumps(options.what(options), indent=2), flush=True)
    except (OSError, ValueError) as error:
        print(f"storefront-load: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
