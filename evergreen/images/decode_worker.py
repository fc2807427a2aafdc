"""A process that decodes images; run with ``python -m``, so that its caller is not imported. See ``serving``.

A request is ``{"path": ..., "pixels": ..., "max_megapixels": ...}``. The upright picture, (H, W, 3) uint8 RGB, is
written to ``pixels`` as ``.npy``; the answer is ``{}`` or ``{"refused": reason}``.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from evergreen.images.door import open_image
from evergreen.images.serving import serve


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Decode one file."""
    picture = open_image(Path(request["path"]).read_bytes(), request["max_megapixels"])
    np.save(request["pixels"], picture.pixels)
    return {}


def main() -> None:
    """Answer until the input ends."""
    serve(answer, int(sys.argv[1]))


if __name__ == "__main__":
    main()
