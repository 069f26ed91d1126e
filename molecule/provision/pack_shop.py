"""pack_shop.py ARCHIVE: put the package storefront into one archive that Python imports from. Same input, same bytes."""

from __future__ import annotations

import sys
import zipfile
from io import BytesIO
from pathlib import Path

MOLECULE = Path(__file__).resolve().parent.parent
LONG_AGO = (2000, 1, 1, 0, 0, 0)


def archive() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as files:
        for path in sorted((MOLECULE / "storefront").rglob("*.py")):
            files.writestr(zipfile.ZipInfo(str(path.relative_to(MOLECULE)), LONG_AGO), path.read_bytes())
    return content.getvalue()


def main(target: Path) -> None:
    content = archive()
    if target.exists() and target.read_bytes() == content:
        return
    target.write_bytes(content)
    print("packed")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
