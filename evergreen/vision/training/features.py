"""What a frozen backbone makes of images, computed once: a frozen phase then trains on these, not through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3

from evergreen.images.pixels import Outputs
from evergreen.images.rows import RowCache, Rows
from evergreen.images.shelves import Folder

if TYPE_CHECKING:
    from evergreen.sections.training import Train

BATCH = 64
PLAIN = "plain"


@dataclass(frozen=True)
class Backbone:
    """What of a recipe, beside its weights, builds what makes features.

    Attributes:
        name: as ``train.backbone``.
        pooling: as ``train.head.pooling``.
    """

    name: str
    pooling: str

    @classmethod
    def of(cls, train: Train) -> Backbone:
        """Return it."""
        return cls(train.backbone, train.head.pooling)


def stayed_frozen(train: Train) -> bool:
    """Whether a recipe's network has a backbone that no phase trains: features of it stay true to the end."""
    return train.backbone != "cnn" and all(phase.unfreeze == "none" for phase in train.phases)


@dataclass(frozen=True)
class Features:
    """The features of images that one frozen model gives, kept in a folder by image, model and view.

    Attributes:
        model: from raw images, (N, H, W, 3) in 0-255, to features.
        folder: where they are kept, below one folder a model and view; None keeps them in memory.
        name: of the model: a digest over its weights and what built it.
        others: has other machines compute what is many; None: this process computes all.
    """

    model: Any
    folder: Folder | None
    name: str
    others: Outputs | None = None

    @classmethod
    def of(
        cls, model: Any, folder: Folder | None, backbone: Backbone, threads: int, others: Outputs | None = None
    ) -> Features:
        """Name a model by its weights, by what built it, and by how it is computed."""
        # A GPU's float16 features are not those that a CPU would make, and their last digits depend on the threads.
        computed = (model.output.dtype, threads)
        made = (backbone.name, backbone.pooling, model.input_shape, model.output_shape, *computed)
        digest = blake3(repr(made).encode())
        for weight in model.weights:
            digest.update(np.ascontiguousarray(weight).data.cast("B"))
        return cls(model, folder, digest.hexdigest()[:32], others)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image's features."""
        return tuple(self.model.output_shape[1:])

    @property
    def bytes_each(self) -> int:
        """Bytes of one image's features, in float32."""
        return 4 * int(np.prod(self.shape))

    def rows(self, keys: Sequence[bytes], gather: Callable[[np.ndarray], np.ndarray], view: str) -> Rows:
        """Return the features of images, in their order; what is not kept yet is computed.

        Args:
            keys: one an image, of 32 bytes.
            gather: gives the images at some positions, (n, H, W, 3) uint8.
            view: the name of what is made of the images that the keys name; ``PLAIN`` for images as they are.
        """
        folder = self.folder / self.name / view if self.folder else None
        return RowCache(folder, self.shape, np.float32).rows(keys, partial(self.others or outputs, self.model, gather))


def outputs(model: Any, gather: Callable[[np.ndarray], np.ndarray], positions: Sequence[int]) -> Iterator[np.ndarray]:
    """Yield what a model makes of the images at some positions, ``BATCH`` at a time, as ``RowCache.rows`` takes it.

    Args:
        model: of raw images, (N, H, W, 3) in 0-255.
        gather: gives the images at some positions, (n, H, W, 3) uint8.
        positions: of the images that are not kept yet.
    """
    for start in range(0, len(positions), BATCH):
        some = positions[start : start + BATCH]
        block = gather(np.array(some))
        # Always as many, else an image's last digits would depend on which others were kept already.
        whole = np.resize(block, (BATCH, *block.shape[1:]))
        yield np.asarray(model.predict_on_batch(whole))[: len(some)]
