"""Keep the identity of the new database for the inventory, then wait until the shop answers at the active site."""

from __future__ import annotations

import argparse
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE_SECONDS = 20.0
STEP_SECONDS = 0.2


def answer(url: str) -> str:
    """An empty text when the shop is well, otherwise what is wrong."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return "" if response.status == 200 else f"status {response.status}"
    except (OSError, urllib.error.URLError) as error:
        return str(error)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identity", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--url", required=True)
    options = parser.parse_args()
    options.file.write_text(f"{options.identity}\n")
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while wrong := answer(options.url):
        if time.monotonic() > give_up_at:
            print(f"{options.url} does not serve after {PATIENCE_SECONDS} s: {wrong}", file=sys.stderr)
            return 1
        time.sleep(STEP_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
