"""python3 -m storefront.application CONFIGURATION: serve one site's shop until SIGTERM."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from storefront.application.configuration import read
from storefront.application.database import Database
from storefront.application.shop import Shop
from storefront.application.web import Server

DRAIN_SECONDS = 5.0


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python3 -m storefront.application CONFIGURATION", file=sys.stderr)
        return 2
    configuration = read(Path(arguments[0]))
    database = Database(configuration.connection, configuration.patience_seconds)
    server = Server((configuration.address, configuration.port), Shop(configuration.site, database))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    threading.Thread(target=database.keep_filled, args=(stop,), daemon=True).start()
    stop.wait()
    finished = server.drain(DRAIN_SECONDS)
    database.close()
    return 0 if finished else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
