"""A process that measures images, a batch a line; run with ``python -m``, so that its caller is not imported.

In: a list of ``{"sha256": ..., "path": ..., "max_megapixels": ...}``. Out: an empty line once it is ready; then, for
each batch, a list of the measures, ``{"refused": reason}``, or ``{"damaged": true}`` if a file has not its digest.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import cv2

from evergreen.datasets.measure import measure
from evergreen.errors import BadImage


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Measure one file."""
    try:
        data = Path(request["path"]).read_bytes()
    except OSError:
        return {"damaged": True}
    if hashlib.sha256(data).hexdigest() != request["sha256"]:
        return {"damaged": True}
    try:
        return measure(data, request["max_megapixels"])
    except BadImage as error:
        return {"refused": str(error)}


def main() -> None:
    """Answer until the input ends."""
    cv2.setNumThreads(1)  # the workers are the threads
    sys.stdout.write("\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps([answer(request) for request in json.loads(line)]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
