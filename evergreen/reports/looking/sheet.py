"""All small pictures of a page as one: a sheet of tiles, embedded once, of which a page shows any tile anywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from evergreen.images.thumbnails import data_address, smaller

SIDE = 64  # of a tile, in pixels, at most
MOST_BYTES = 1_100_000
_SHOWN = 80  # pixels of the page that a tile's longer side takes
_TINY = 32  # pictures of such a size are shown as their pixels
# A lossy WebP has blocks of 16 pixels: a tile that has its own share none with its neighbour.
_BLOCK = 16
_LOSSLESS = 101
_SAMPLE = 100
_TRIES = ((64, 80), (64, 65), (48, 70), (48, 50), (32, 60), (32, 40), (16, 50))


@dataclass(frozen=True)
class Sheet:
    """Tiles in rows.

    Attributes:
        data: a WebP.
        columns, rows: how many tiles stand beside and below each other.
        place: height and width that each takes in the sheet.
        tile: height and width of the picture in it, at its upper left.
        original: its longer side as it came, in pixels.
    """

    data: bytes
    columns: int
    rows: int
    place: tuple[int, int]
    tile: tuple[int, int]
    original: int

    def at(self, number: int) -> tuple[int, int]:
        """Return column and row of a tile."""
        return number % self.columns, number // self.columns

    @property
    def style(self) -> str:
        """The style that shows a tile whose column and row are ``--x`` and ``--y``, ``--s`` times as large."""
        scale = _SHOWN / max(self.tile)
        (high, wide), (down, right) = self.tile, self.place
        crisp = "image-rendering:pixelated;" if self.original <= _TINY else ""
        return (
            f'.tile-of{{background-image:url("{data_address(self.data, "image/webp")}");{crisp}'
            f"width:calc(var(--s,1)*{wide * scale:.4f}px);height:calc(var(--s,1)*{high * scale:.4f}px);"
            f"background-size:calc(var(--s,1)*{self.columns * right * scale:.4f}px)"
            f" calc(var(--s,1)*{self.rows * down * scale:.4f}px);"
            f"background-position:calc(var(--x)*var(--s,1)*-{right * scale:.4f}px)"
            f" calc(var(--y)*var(--s,1)*-{down * scale:.4f}px)}}"
        )


def sheet(pictures: Iterable[np.ndarray]) -> Sheet | None:
    """Return pictures of one shape, (H, W, 3) uint8 each, as a sheet of at most about ``MOST_BYTES``; None of none.

    As large and as good as that allows: without loss where pictures are tiny and few, else with ever more of it and
    smaller. Noise compresses worst: 2,500 tiles of it still end at 16 pixels.
    """
    small, original = [], 0
    for picture in pictures:
        original = max(picture.shape[:2])
        small.append(smaller(picture, SIDE))
    if not small:
        return None
    some = small[:: math.ceil(len(small) / _SAMPLE)]
    for side, quality in _tries(original):
        # A large sheet takes seconds to write, so some of it tells how large it would be.
        part = len(_webp(_laid_out([smaller(picture, side) for picture in some])[2], quality))
        if part * len(small) / len(some) > MOST_BYTES and (side, quality) != _TRIES[-1]:
            continue
        tiles = [smaller(picture, side) for picture in small]
        columns, place, canvas = _laid_out(tiles)
        data = _webp(canvas, quality)
        if len(data) <= MOST_BYTES:
            break
    return Sheet(data, columns, len(canvas) // place[0], place, tiles[0].shape[:2], original)


def _tries(original: int) -> Iterator[tuple[int, int]]:
    if original <= _TINY:
        yield SIDE, _LOSSLESS
    # A smaller side than the picture's changes something; the same one again does not.
    yield from ((side, quality) for side, quality in _TRIES if side <= max(_TINY, original) or side == _TRIES[0][0])


def _laid_out(tiles: list[np.ndarray]) -> tuple[int, tuple[int, int], np.ndarray]:
    """Return tiles of one shape on a canvas, how many stand in a row, and what height and width each takes."""
    high, wide = tiles[0].shape[:2]
    place = math.ceil(high / _BLOCK) * _BLOCK, math.ceil(wide / _BLOCK) * _BLOCK
    columns = math.ceil(math.sqrt(len(tiles) * place[0] / place[1]))
    rows = math.ceil(len(tiles) / columns)
    canvas = np.zeros((rows * place[0], columns * place[1], 3), np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * place[0], number % columns * place[1]
        edges = ((0, place[0] - high), (0, place[1] - wide), (0, 0))
        canvas[top : top + place[0], left : left + place[1]] = np.pad(tile, edges, mode="edge")
    return columns, place, canvas


def _webp(pixels: np.ndarray, quality: int) -> bytes:
    import cv2

    return bytes(cv2.imencode(".webp", pixels[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])[1])
