"""Backgrounds for a training side: its objects cut out, each once, and the photos of a recipe's folders opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evergreen.images.backgrounds.cutout import cut_out
from evergreen.images.backgrounds.photos import photos_in
from evergreen.images.backgrounds.replacing import Backgrounds
from evergreen.images.rows import RowCache, Rows
from evergreen.images.shelves import Folder
from evergreen.images.threads import Threads
from evergreen.sections.background import Background

_BLOCK = 64


def backgrounds_of(
    settings: Background,
    seed: int,
    rows: Rows,
    digests: Sequence[str],
    keys: Sequence[bytes],
    folder: Folder | None = None,
) -> Backgrounds:
    """Return what may stand behind the objects of some images.

    Args:
        settings: as in the recipe.
        seed: of the recipe.
        rows: the images, (N, H, W, 3) uint8.
        digests: SHA-256 of each, in hex.
        keys: one an image, of 32 bytes, all different.
        folder: where cut-out objects are kept; None keeps them in memory.

    Raises:
        BadInput: a folder of photos is not there, or has none.
    """
    return Backgrounds(
        settings,
        seed,
        keys,
        rows,
        cutouts(rows, digests, folder),
        {name: photos_in(name) for name in settings.folders},
    )


def cutouts(rows: Rows, digests: Sequence[str], folder: Folder | None = None) -> Rows:
    """Return the objects of some images, (N, H, W, 4) uint8 as ``cut_out`` gives them; each is cut out once.

    Args:
        rows: the images, (N, H, W, 3) uint8.
        digests: SHA-256 of each, in hex.
        folder: where they are kept; None keeps them in memory.
    """

    def cut(positions: list[int]) -> Iterator[np.ndarray]:
        with Threads() as threads:
            for start in range(0, len(positions), _BLOCK):
                block = rows.gather(np.array(positions[start : start + _BLOCK]))
                made = np.empty((*block.shape[:3], 4), np.uint8)

                def one(index: int, block: np.ndarray = block, made: np.ndarray = made) -> None:
                    made[index] = cut_out(block[index])

                threads.each(one, len(block))
                yield made

    shape = (*rows.shape[:2], 4)
    return RowCache(folder, shape, np.uint8).rows([bytes.fromhex(digest) for digest in digests], cut)
