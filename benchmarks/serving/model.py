"""A .tflite behind the door that every image passes: what the peers serve, and what an answer costs without HTTP.

    python model.py MODEL.tflite SIDE SECONDS PHOTO...

prints the milliseconds that each photo took, in this one process, as JSON. Runs in the peers' environments as well.
"""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from evergreen.images.door import open_image
from evergreen.images.pixels import resize
from evergreen.sections.data import Image


class Model:
    """An interpreter with one thread."""

    def __init__(self, path: str, side: int) -> None:
        cv2.setNumThreads(1)
        self._image = Image(height=side, width=side, resize="squash")
        self._interpreter = Interpreter(path, num_threads=1)
        self._interpreter.allocate_tensors()
        (self._source,), (self._sink,) = self._interpreter.get_input_details(), self._interpreter.get_output_details()

    def answer(self, data: bytes) -> list[float]:
        """Return the probabilities of an image's file, (K,)."""
        pixels = self._as_taken(resize(open_image(data).pixels, self._image)[None])
        self._interpreter.set_tensor(self._source["index"], pixels)
        self._interpreter.invoke()
        scores = self._interpreter.get_tensor(self._sink["index"])[0].astype(np.float32)
        scale, zero = self._sink["quantization"]
        return [float(score) for score in ((scores - zero) * scale if scale else scores)]

    def _as_taken(self, pixels: np.ndarray) -> np.ndarray:
        scale, zero = self._source["quantization"]
        if (self._source["dtype"], scale, zero) == (np.uint8, 1, 0):  # what pixels are already
            return pixels
        values = pixels.astype(np.float32)
        if not scale:
            return values
        limits = np.iinfo(self._source["dtype"])
        return np.clip(np.round(values / scale + zero), limits.min, limits.max).astype(self._source["dtype"])


def main() -> None:
    """Print what each answer costs."""
    path, side, seconds, *names = sys.argv[1:]
    model, photos, taken = Model(path, int(side)), [Path(name).read_bytes() for name in names], []
    for photo in photos[:8]:
        model.answer(photo)
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        for photo in photos:
            began = time.perf_counter()
            model.answer(photo)
            taken.append((time.perf_counter() - began) * 1000)
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
