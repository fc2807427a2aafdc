"""Batches for ``fit``: rows are gathered, and images changed, while the network works on the batch before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3

from evergreen.images.rows import Rows

if TYPE_CHECKING:
    from evergreen.images.augment import Augmenter
    from evergreen.images.threads import Threads

# A batch of less than this share of the others is small; a norm of less than this momentum forgets fast.
_SMALL, _FORGETS = 0.25, 0.9


@dataclass(frozen=True)
class Side:
    """One side of a split, as a network is given it.

    Attributes:
        rows: N images, (H, W, 3) uint8, or N features.
        labels: (N, K) float32, one-hot.
        weights: (N,) float32, on the loss.
        keys: one an image, 32 bytes: its digest, and what tells its repetitions apart.
        taught: (N, K) float32, what a teacher answers for each row, softened; None without a teacher.
    """

    rows: Rows
    labels: np.ndarray
    weights: np.ndarray
    keys: Sequence[bytes]
    taught: np.ndarray | None = None

    def of(self, rows: Rows) -> Side:
        """Return the same images as other rows."""
        return replace(self, rows=rows)


def keys_of(digests: Sequence[str]) -> list[bytes]:
    """Return a key of 32 bytes for each image; the same image a second time has another.

    Args:
        digests: SHA-256 in hex.
    """
    turns: dict[str, int] = {}
    keys = []
    for digest in digests:
        turn = turns[digest] = turns.get(digest, -1) + 1
        key = bytes.fromhex(digest)
        keys.append(key if turn == 0 else blake3(key + turn.to_bytes(4, "little")).digest())
    return keys


def small_last(rows: int, size: int, momentum: float) -> str:
    """Return what a person should know of an epoch's last batch, or nothing.

    A norm that forgets fast judges by the moments of the last batches: of 64 images beside others of 1,024 they cost
    airbench94's network half of its validation accuracy after an epoch.

    Args:
        rows: of an epoch.
        size: of a batch.
        momentum: the least of the batch norms that learn; 1 without one.
    """
    rest = rows % size
    if rows < size or momentum >= _FORGETS or not 0 < rest < _SMALL * size:
        return ""
    even = -(-rows // -(-rows // size))
    return (
        f"the last batch of an epoch has {rest:,} images, the others {size:,}, and batch norms of momentum "
        f"{momentum:g} judge by its moments: batch: {even} would make nearly equal batches of {rows:,} images"
    )


def augmented(side: Side, augmenter: Augmenter, view: int, threads: Threads) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that gathers images by position and changes them.

    Args:
        side: of images.
        augmenter: what changes them.
        view: which view of each image.
        threads: what works on the images side by side.
    """

    def gather(positions: np.ndarray) -> np.ndarray:
        return augmenter(side.rows.gather(positions), [side.keys[index] for index in positions], view, threads)

    return gather


class Batches:
    """Batches of (rows, labels, weights), each made when it is asked for."""

    def __init__(
        self,
        side: Side,
        size: int,
        order: np.ndarray | None = None,
        gather: Callable[[np.ndarray], np.ndarray] | None = None,
        label: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        """Take what they are made of.

        Args:
            side: what to learn from or to judge by.
            size: rows in a batch; the last may have fewer.
            order: positions, each once; as they stand if it is not given.
            gather: gives the rows at some positions; as they are if it is not given.
            label: gives the labels at some positions, (n, K) float32, or (n, 2K) with what a teacher answers; as they
                are if it is not given.
        """
        self._side, self._size = side, size
        self._positions = np.arange(len(side.rows)) if order is None else order
        self._take, self._of = gather or side.rows.gather, label or side.labels.__getitem__

    def __len__(self) -> int:
        return -(-len(self._positions) // self._size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for start in range(0, len(self._positions), self._size):
            some = self._positions[start : start + self._size]
            yield self._take(some), self._of(some), self._side.weights[some]


class Feed:
    """The ``tf.data`` pipeline of one ``fit`` after the other: making one takes as long as ten small batches."""

    def __init__(self) -> None:
        self._batches: Batches | None = None
        self._pipeline: Any = None
        self._length = 0

    def of(self, batches: Batches) -> Any:
        """Return the pipeline, which gives these batches now, the next one made while the network works on one.

        Args:
            batches: one at least; of the same shapes but for the rows, and of the same types, each time.
        """
        import tensorflow as tf

        self._batches = batches
        if self._length != len(batches):
            parts = [tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in next(iter(batches))]
            made = tf.data.Dataset.from_generator(self._each, output_signature=tuple(parts))
            self._length = len(batches)
            self._pipeline = made.apply(tf.data.experimental.assert_cardinality(self._length)).prefetch(
                tf.data.AUTOTUNE
            )
        return self._pipeline

    def _each(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        if self._batches:
            yield from self._batches
