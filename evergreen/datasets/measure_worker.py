"""A process that measures images; run with ``python -m``, so that its caller is not imported. See ``serving``.

A request is ``{"sha256": ..., "path": ..., "max_megapixels": ..., "values": ..., "room": ...}``, the last two as for
``open_image`` and null if they are left out; its answer what ``measure`` returns, ``{"refused": reason}``,
``{"larger": megapixels}`` than the room, or ``{"damaged": true}`` if the file has not its digest.
"""

import hashlib
import sys
from pathlib import Path
from typing import Any

from evergreen.datasets.measure import measure
from evergreen.images.processes.serving import serve, values_of


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Measure one file."""
    try:
        data = Path(request["path"]).read_bytes()
    except OSError:
        return {"damaged": True}
    if hashlib.sha256(data).hexdigest() != request["sha256"]:
        return {"damaged": True}
    return measure(data, request["max_megapixels"], values_of(request), request.get("room"))


def main() -> None:
    """Answer until the input ends."""
    serve(answer, int(sys.argv[1]))


if __name__ == "__main__":
    main()
