"""Random numbers of an image: a function of a purpose and of the image's key alone, whatever else is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from blake3 import blake3


def purpose(name: str, seed: int, view: int) -> bytes:
    """Return what draws of one name, seed and view begin with."""
    return f"{name} {seed} {view} ".encode()


def digests(keys: Sequence[bytes], purpose: bytes, length: int) -> list[bytes]:
    """Return so many random bytes for each key; longer ones begin with the shorter."""
    return [blake3(purpose + key).digest(length=length) for key in keys]


def generator(beginning: bytes) -> np.random.Generator:
    """Return what draws any number of values, as some random bytes say."""
    return np.random.Generator(np.random.SFC64(int.from_bytes(beginning, "little")))


def uniform(keys: Sequence[bytes], purpose: bytes, many: int) -> np.ndarray:
    """Return (N, many) float64 in [0, 1), each row a function of the purpose and its key alone."""
    bits = np.frombuffer(b"".join(digests(keys, purpose, 8 * many)), "<u8").reshape(len(keys), many)
    return np.asarray((bits >> np.uint64(11)) * 2.0**-53)


def boxes(
    top: np.ndarray, left: np.ndarray, height: np.ndarray, width: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return what of some boxes lies on a picture: (N, 4) int64, top, left, bottom, right in pixels.

    Args:
        top: (N,) int64, the first row of each; it may lie outside, as may the others.
        left: (N,) int64, the first column.
        height: (N,) int64, in pixels.
        width: (N,) int64, in pixels.
        size: of the picture, (H, W) in pixels.
    """
    high, wide = size
    edges = (top.clip(0, high), left.clip(0, wide), (top + height).clip(0, high), (left + width).clip(0, wide))
    return np.asarray(np.stack(edges, axis=1), np.int64)
