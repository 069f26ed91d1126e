"""Print the package storefront as one archive that Python imports from, in base64. Same input, same output."""

from __future__ import annotations

import base64
import zipfile
from io import BytesIO
from pathlib import Path

MOLECULE = Path(__file__).resolve().parent.parent
LONG_AGO = (2000, 1, 1, 0, 0, 0)


def archive() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as files:
        for path in sorted((MOLECULE / "storefront").rglob("*.py")):
            files.writestr(zipfile.ZipInfo(str(path.relative_to(MOLECULE)), LONG_AGO), path.read_bytes())
    return content.getvalue()


if __name__ == "__main__":
    print(base64.b64encode(archive()).decode())
