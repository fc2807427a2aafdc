"""A process that answers for images: the door, the resize and LiteRT, one image at a time on one thread.

Run with ``python -m``; it speaks ``wire`` over its standard input and output. Heads that come in:

- ``{"do": "open", "model", "folder", "image", "limits"}``: open ``model.tflite`` in a folder under a name; answered
  ``{}`` or ``{"refused": reason}``. ``image`` is height, width, resize and interpolation; ``limits`` are the most
  megapixels, the longest time of a decoder in seconds, and the values that are black and white, or null.
- ``{"do": "close", "model"}``: let it go; answered ``{}``.
- ``{"do": "answer", "model"}`` with an image's bytes: answered ``{"seconds"}`` with K float32 scores, ``{"error"}`` of
  the image, or ``{"failed"}``: no image can be answered here.

It ends where its input does. A picture that takes it down takes nothing else down.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from evergreen.errors import DecodersUnavailable, EvergreenError
from evergreen.images.pixels import resize
from evergreen.images.processes.decoders import Decoders
from evergreen.serving import wire
from evergreen.vision.formats.runtimes.isolated import Answer, tflite

Limits = tuple[float, float, tuple[float, float] | None]


@dataclass(frozen=True)
class Fed:
    """How a model is fed: as the recipe's section ``image`` says, without what validates it."""

    height: int
    width: int
    resize: str
    interpolation: str


@dataclass(frozen=True)
class _Opened:
    answer: Answer
    fed: Fed
    decoders: Decoders


class Models:
    """The models that a process holds open, by name."""

    def __init__(self) -> None:
        self._models: dict[str, _Opened] = {}
        self._decoders: dict[Limits, Decoders] = {}

    def open(self, name: str, folder: Path, fed: Fed, limits: Limits) -> None:
        """Open a model; raises whatever LiteRT does."""
        with _saying_nothing():
            answer, _ = tflite(import_module("ai_edge_litert.interpreter"), folder)
        answer(np.zeros((fed.height, fed.width, 3), np.uint8))  # a model that cannot answer is refused here
        self._models[name] = _Opened(answer, fed, self._decoders_of(limits))

    def close(self, name: str) -> None:
        """Let a model go, if it is open."""
        self._models.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._models

    def answer(self, name: str, data: bytes) -> np.ndarray:
        """Return what an open model answers for an image, (K,) float32.

        Raises:
            EvergreenError: it is no image that can be used.
        """
        model = self._models[name]
        scores = model.answer(resize(model.decoders.decode(data), model.fed))
        if not np.isfinite(scores).all():
            raise EvergreenError("the model's answer is no number")
        return np.asarray(scores, np.float32)

    def _decoders_of(self, limits: Limits) -> Decoders:
        """Return the decoders for some limits: processes beside this one are shared by models of the same ones."""
        if limits not in self._decoders:
            self._decoders[limits] = Decoders(1, *limits)
        return self._decoders[limits]

    def end(self) -> None:
        """End the processes that were started."""
        for decoders in self._decoders.values():
            decoders.__exit__()


@contextmanager
def _saying_nothing() -> Iterator[None]:
    """Keep from standard error what LiteRT says of each model that it opens well; what is wrong, it raises."""
    ours = os.dup(sys.stderr.fileno())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stderr.fileno())
        yield
    finally:
        os.dup2(ours, sys.stderr.fileno())
        os.close(nowhere)
        os.close(ours)


def main() -> None:
    """Answer until the input ends."""
    # What a library prints is no frame: it goes where errors do.
    ours = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    cv2.setNumThreads(1)  # the processes are the threads
    models = Models()
    wire.write(ours, {"ready": os.getpid()})
    try:
        while True:
            head, body = wire.read(sys.stdin.buffer)
            wire.write(ours, *_answered(models, head, body))
    except (wire.Closed, BrokenPipeError, KeyboardInterrupt):
        models.end()


def _answered(models: Models, head: wire.Head, body: bytes) -> tuple[wire.Head, bytes]:
    if head["do"] == "answer":
        if head["model"] not in models:
            return {"failed": f"the model {head['model'][:12]} is not open in this worker"}, b""
        began = time.perf_counter()
        try:
            scores = models.answer(head["model"], body)
        except DecodersUnavailable as error:
            return {"failed": str(error)}, b""
        except EvergreenError as error:
            return {"error": str(error)}, b""
        except Exception as error:  # noqa: BLE001 - whatever one picture does, the others are answered
            return {"error": f"cannot be used: {type(error).__name__}: {error}"[:200]}, b""
        return {"seconds": time.perf_counter() - began}, scores.tobytes()
    if head["do"] == "close":
        models.close(head["model"])
        return {}, b""
    most, seconds, values = head["limits"]
    try:
        limits: Limits = (most, seconds, (values[0], values[1]) if values else None)
        models.open(head["model"], Path(head["folder"]), Fed(**head["image"]), limits)
    except Exception as error:  # noqa: BLE001 - a file that is no model is refused, and whoever sent it told why
        return {"refused": f"LiteRT does not open it: {_first_line(error)}"}, b""
    return {}, b""


def _first_line(error: Exception) -> Any:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


if __name__ == "__main__":
    main()
