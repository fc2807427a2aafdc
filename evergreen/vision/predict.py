"""Classify pictures with a trained model or an export of it, through the same door as training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.errors import DecodersUnavailable, EvergreenError, ExportRefused
from evergreen.images import pixels
from evergreen.images.processes.decoders import Decoders
from evergreen.images.rows import Rows
from evergreen.images.threads import Threads
from evergreen.sections.data import Screen
from evergreen.vision.formats.contract import read_labels
from evergreen.vision.formats.registry import OPEN_PREDICTOR
from evergreen.vision.networks import runtime, saving

if TYPE_CHECKING:
    from evergreen.sections.data import Image

# From (N, H, W, 3) uint8 RGB in 0-255 to (N, K) float32 class probabilities.
Model = Callable[[np.ndarray], np.ndarray]

_MOST_IN_BATCH = 256
_BATCH_BYTES = 96 * 2**20


@dataclass(frozen=True)
class Answer:
    """What a model says of one image.

    Attributes:
        scores: (K,) float32, a probability for each class, in the contract's order; None if it is no image.
        error: why it cannot be used; empty if it can.
        kept: what ``keep`` made of the picture.
        seen: what the model was shown, (H, W, 3) uint8; None if it is no image.
    """

    scores: np.ndarray | None
    error: str = ""
    kept: np.ndarray | None = None
    seen: np.ndarray | None = None


@dataclass(frozen=True)
class KerasModel:
    """A ``keras.Model`` that answers; what explains answers looks into its ``network``."""

    network: Any

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities of images, (N, H, W, 3) uint8: (N, K) float32."""
        return pixels.scores(self.network, Rows.of(images))


@dataclass(frozen=True)
class _Opened:
    """A picture at the network's size, or why there is none."""

    pixels: np.ndarray | None
    error: str = ""
    kept: np.ndarray | None = None


def predict(
    reads: Iterable[Callable[[], bytes]],
    open_model: Callable[[], Model],
    image: Image,
    keep: Callable[[np.ndarray], np.ndarray] | None = None,
    screen: Screen | None = None,
) -> Iterator[Answer]:
    """Yield one answer an image, in their order; a batch at a time is in memory, and a bad image stops no other.

    Args:
        reads: each returns one file's bytes, or raises OSError or an EvergreenError.
        open_model: called before the first picture; never if there is none.
        image: how the model was fed in training.
        keep: what to keep of each upright picture, (H, W, 3) uint8, before it is brought to the network's size.
        screen: the limits, and the values that are black and white, of the images that the model was trained on; None
            takes the defaults.

    Raises:
        ExportRefused: the model cannot be opened, or what it returns are no probabilities.
        DecodersUnavailable: no image can be decoded here.
    """
    model: Model | None = None
    remaining = iter(reads)
    many = max(1, min(_MOST_IN_BATCH, _BATCH_BYTES // (image.height * image.width * 3)))
    rules = screen or Screen()
    limits = rules.max_megapixels, rules.seconds_per_image, rules.range
    with Threads() as threads, Decoders(threads.number, *limits) as decoders:
        while some := list(islice(remaining, many)):
            opened = _opened(some, image, keep, threads, decoders)
            good = [one.pixels for one in opened if one.pixels is not None]
            if good and model is None:
                runtime.start()
                model = open_model()
            scores = iter(_checked(model(np.stack(good)), len(good)) if good and model else ())
            for one in opened:
                yield Answer(next(scores) if one.pixels is not None else None, one.error, one.kept, one.pixels)


def open_keras(model_file: Path, classes: list[str]) -> Model:
    """Load a ``.keras`` file and return a function (N, H, W, 3) uint8 -> (N, K) float32.

    Raises:
        ExportRefused: Keras refuses the model.
    """
    return KerasModel(saving.load_to_run(model_file, classes))


def open_export(folder: Path, name: str, classes: list[str]) -> Model:
    """Open an export in its own runtime.

    Args:
        folder: what the export step wrote for that format.
        name: the format.
        classes: class names in order; the export must carry the same.

    Raises:
        ExportRefused: it carries other classes, or its runtime is not installed or refuses it.
    """
    if (found := read_labels(folder)) != classes:
        raise ExportRefused(f"{name}: expected a labels.txt of {classes}, it holds {found}")
    return OPEN_PREDICTOR[name](folder)


def _opened(
    reads: list[Callable[[], bytes]],
    image: Image,
    keep: Callable[[np.ndarray], np.ndarray] | None,
    threads: Threads,
    decoders: Decoders,
) -> list[_Opened]:
    opened = [_Opened(None)] * len(reads)

    def one(index: int) -> None:
        try:
            picture = decoders.decode(reads[index]())
            opened[index] = _Opened(pixels.resize(picture, image), kept=keep(picture) if keep else None)
        except DecodersUnavailable:
            raise
        except OSError as error:
            opened[index] = _Opened(None, error.strerror or str(error))
        except EvergreenError as error:
            opened[index] = _Opened(None, str(error))
        except Exception as error:  # noqa: BLE001 - whatever one picture does, the others are answered
            opened[index] = _Opened(None, f"cannot be used: {type(error).__name__}: {error}"[:200])

    threads.each(one, len(reads))
    return opened


def _checked(scores: np.ndarray, count: int) -> np.ndarray:
    if len(scores) != count or not np.isfinite(scores).all():
        raise ExportRefused(f"expected finite scores of {count} images, the model returned {scores.shape}")
    return scores
