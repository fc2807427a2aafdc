"""From images to network inputs: the one function that decides how an image becomes (H, W, 3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from evergreen.images.door import SCREENED, Range, open_image
from evergreen.images.processes.budget import Room, free_memory
from evergreen.images.rows import RowCache, Rows
from evergreen.images.shelves import Folder
from evergreen.images.threads import Threads
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Image

_BLOCK = 64
_BATCH = 64
# Before `crop` scales, it cuts off what lies this many times the target's length around the middle: what such a thin
# picture scales to is then as small as any other's, and whatever is less thin keeps its pixels to the last bit.
_MOST_TIMES = 8


# What a network makes of the images at some positions, in order, in blocks: of the network, of what gathers images
# (n, H, W, 3) uint8, and of the positions.
Outputs = Callable[[Any, Callable[[np.ndarray], np.ndarray], Sequence[int]], Iterator[np.ndarray]]


class Fed(Protocol):
    """How a network is fed: a recipe's section ``image``, or what says the same."""

    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def resize(self) -> str: ...  # noqa: D102
    @property
    def interpolation(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Images:
    """Where a dataset's images are read, and where what is made of them is kept.

    Attributes:
        read: gives an image's bytes for its SHA-256.
        pixels: folder of decoded images, of this version of the door; None keeps them in memory.
        features: folder of what backbones made of images, of this version of the craft; None as above.
        values: of pictures with more than 8 bits a channel, which become 0 and 255, as ``screen.range``.
        cutouts: folder of objects that were cut out of images, of this version of the craft; None as above.
    """

    read: ReadBlob
    pixels: Folder | None = None
    features: Folder | None = None
    values: Range | None = None
    cutouts: Folder | None = None

    def rows(self, table: pd.DataFrame, image: Image) -> Rows:
        """Return the images of a table, in its order, as rows of (H, W, 3) uint8; each is decoded once.

        Raises:
            BadImage: a file is no image; screened tables hold none.
        """
        digests = list(table["sha256"])
        keys = [bytes.fromhex(digest) for digest in digests]
        megapixels, room = _megapixels(table), Room(free_memory())

        def decoded(positions: list[int]) -> Iterator[np.ndarray]:
            with Threads() as threads:
                for start in range(0, len(positions), _BLOCK):
                    some = positions[start : start + _BLOCK]
                    block = np.empty((len(some), image.height, image.width, 3), np.uint8)

                    def one(index: int, some: list[int] = some, block: np.ndarray = block) -> None:
                        with room.of(megapixels[some[index]]):
                            block[index] = resize(self.pixels_of(digests[some[index]]), image)

                    threads.each(one, len(some))
                    yield block

        folder = self.pixels / self.rule(image) if self.pixels else None
        return RowCache(folder, (image.height, image.width, 3), np.uint8).rows(keys, decoded)

    def features_of(self, image: Image) -> Folder | None:
        """Return the folder of what backbones made of images that were brought to a size so; None without any."""
        return self.features / self.rule(image) if self.features else None

    def cutouts_of(self, image: Image) -> Folder | None:
        """Return the folder of objects that were cut out of images brought to a size so; None without any."""
        return self.cutouts / self.rule(image) if self.cutouts else None

    def others(self) -> Outputs | None:
        """Return what has other machines compute with a network; None where this process computes all."""
        return None

    def rule(self, image: Image) -> str:
        """Return, for a folder's name, all that decides an image's pixels beside its bytes and the code."""
        values = f"-{self.values[0]!r}-{self.values[1]!r}" if self.values else ""
        return f"{image.height}x{image.width}-{image.resize}-{image.interpolation}{values}"

    def pixels_of(self, digest: str) -> np.ndarray:
        """Return one image that was screened, (H, W, 3) uint8; raises as ``rows``."""
        return open_image(self.read(digest), SCREENED, values=self.values).pixels


def _megapixels(table: pd.DataFrame) -> list[float]:
    """Return the sizes of a table's images, as screening found them; 0 where it does not say."""
    if not {"width", "height"} <= set(table):
        return [0.0] * len(table)
    return list(table["width"] * table["height"] / 1e6)


def scores(model: Any, rows: Rows) -> np.ndarray:
    """Return a model's class probabilities for all rows, (N, K) float32; a batch at a time is in memory."""
    return np.concatenate([np.asarray(model.predict_on_batch(block)) for block in rows.blocks(_BATCH)])


def resize(pixels: np.ndarray, image: Fed) -> np.ndarray:
    """Bring one picture to the network's size.

    Args:
        pixels: (H, W, 3) uint8, 0-255.
        image: target size, rule (squash, crop the middle, pad with black) and filter.

    Returns:
        (image.height, image.width, 3) uint8, 0-255.
    """
    import cv2

    filters = {
        "area": cv2.INTER_AREA,
        "bilinear": cv2.INTER_LINEAR,
        "bicubic": cv2.INTER_CUBIC,
        "nearest": cv2.INTER_NEAREST,
    }
    if image.resize == "crop":
        pixels = _without_far_ends(pixels, image)
    height, width = pixels.shape[:2]
    if image.resize == "squash":
        squashed: np.ndarray = cv2.resize(
            pixels, (image.width, image.height), interpolation=filters[image.interpolation]
        )
        return squashed
    choose = max if image.resize == "crop" else min
    scale = choose(image.height / height, image.width / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = cv2.resize(pixels, size, interpolation=filters[image.interpolation])
    return _centre(scaled, image.height, image.width)


def targets(labels: Iterable[str], classes: list[str]) -> np.ndarray:
    """Return class indices, (N,) int64, in the contract's class order.

    Raises:
        KeyError: a label is not among the classes.
    """
    index = {name: position for position, name in enumerate(classes)}
    return np.array([index[label] for label in labels], np.int64)


def stratified_sample(table: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """Return ``size`` rows or a few more (all if there are fewer), the same share of every label, rounded up."""
    if len(table) <= size:
        return table
    shuffled = table.sort_values("path").sample(frac=1, random_state=seed)
    rank = shuffled.groupby("label").cumcount()
    quota = np.ceil(shuffled.groupby("label")["path"].transform("size") * size / len(table))
    return shuffled[rank < quota].sort_values("path", ignore_index=True)


def _without_far_ends(pixels: np.ndarray, image: Fed) -> np.ndarray:
    """Return the middle of a picture, which scales to about ``_MOST_TIMES`` the target's height and width at most."""
    height, width = pixels.shape[:2]
    scale = max(image.height / height, image.width / width)
    rows = min(height, math.ceil(_MOST_TIMES * image.height / scale))
    columns = min(width, math.ceil(_MOST_TIMES * image.width / scale))
    rows, columns = rows + (height - rows) % 2, columns + (width - columns) % 2  # as much at both ends
    top, left = (height - rows) // 2, (width - columns) // 2
    return pixels[top : top + rows, left : left + columns]


def _centre(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut or pad with black around the middle to exactly (height, width)."""
    canvas = np.zeros((height, width, 3), np.uint8)
    rows, columns = min(height, pixels.shape[0]), min(width, pixels.shape[1])
    top, left = (pixels.shape[0] - rows) // 2, (pixels.shape[1] - columns) // 2
    to, at = (height - rows) // 2, (width - columns) // 2
    canvas[to : to + rows, at : at + columns] = pixels[top : top + rows, left : left + columns]
    return canvas
