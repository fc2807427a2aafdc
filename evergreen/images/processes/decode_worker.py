"""A process that decodes images; run with ``python -m``, so that its caller is not imported. See ``serving``.

A request is ``{"path": ..., "pixels": ..., "max_megapixels": ..., "values": ..., "room": ...}``, the last two as for
``open_image`` and null if they are left out. The upright picture, (H, W, 3) uint8 RGB, is written to ``pixels`` as
``.npy``; the answer is ``{}``, ``{"refused": reason}``, or ``{"larger": megapixels}`` than the room.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from evergreen.images.door import open_image
from evergreen.images.processes.serving import serve, values_of


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Decode one file."""
    data = Path(request["path"]).read_bytes()
    picture = open_image(data, request["max_megapixels"], values=values_of(request), room=request.get("room"))
    np.save(request["pixels"], picture.pixels)
    return {}


def main() -> None:
    """Answer until the input ends."""
    serve(answer, int(sys.argv[1]))


if __name__ == "__main__":
    main()
