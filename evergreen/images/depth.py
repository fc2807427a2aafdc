"""Pictures of more than 8 bits a channel: what they hold, which of it is black and which is white, and as 8 bits.

Only PNG and TIFF leave that open: 16-bit PGM says its maximum, JPEG 2000 its precision, and Pillow scales by them.
This module stands alone, for the programs beside exports hold a copy of its text.
"""

import re

import cv2
import numpy as np
from PIL import ExifTags, Image

FULL = 65535
# The most levels that a picture in 0-1 may be spread over before a range leaves nothing of it.
_LEVELS = 255
_ROWS = 256  # at a time, so that large pictures need no second copy in double precision


class RangeNeeded(ValueError):
    """Nobody states which values are black and white; ``low`` and ``high`` are the least and greatest found."""

    def __init__(self, low: float, high: float, signed16: bool) -> None:
        bits = "signed 16" if signed16 else "32"
        super().__init__(
            f"{bits} bits a pixel, whose range nobody states: it holds {low:.9g} to {high:.9g}; "
            "say which is black and which is white with screen.range: [low, high]"
        )
        self.low, self.high = low, high


def shallow(data: bytes, image: Image.Image, wanted: tuple[float, float] | None) -> tuple[Image.Image, int | None]:
    """Return a picture with 8 bits a channel, and what is doubtful about it.

    Black and white are what is ``wanted``; else what the file says (bits of a TIFF's sample, its MaxSampleValue if that
    is of 9 to 15 bits, OME's SignificantBits, sBIT of a PNG whose values are not spread over 16 bits); else 0 and
    65,535 of 16 bits. Floats in 0-1 are taken for that, unless the range leaves more than one level of 255 of them.

    Args:
        data: the file's bytes.
        image: the same, opened by Pillow; of 8 bits, or no PNG or TIFF, it is returned as it is.
        wanted: the values that become 0 and 255; values outside become these too.

    Returns:
        The picture, of mode L, RGB or RGBA, with its Exif orientation; and of 16 bits of which neither the file nor
        ``wanted`` says how many count, the greatest value, else None.

    Raises:
        RangeNeeded: it holds whole numbers of 32 bits or with a sign, or floats beyond 0-1, and none is wanted.
        ValueError: some values are no numbers, or their lower 8 bits cannot be read.
    """
    values = _values(data, image, wanted)
    if values is None:
        return image, None
    colours = values if values.ndim == 2 else values[..., :3]
    least, most = colours.min(), colours.max()
    asked = None
    if values.dtype == np.uint16:
        stated = wanted or _stated(data, image, colours)
        asked = None if stated else int(most)
        low, high = stated or (0, FULL)
    else:
        unit = values.dtype.kind == "f" and least >= 0 and most <= 1
        if not unit and not wanted:
            raise RangeNeeded(float(least) + 0.0, float(most) + 0.0, image.mode == "I" and _bits(image) == 16)
        low, high = wanted if wanted and not (unit and wanted[1] - wanted[0] > _LEVELS) else (0, 1)
    made = np.empty(values.shape, np.uint8)
    _fill(made, values, low, high)
    if made.ndim == 3 and made.shape[2] == 4:
        opacity = values[..., 3]
        _fill(made[..., 3], opacity, 0, FULL if opacity.max() > high else high)
    picture = Image.fromarray(made)
    picture.getexif()[ExifTags.Base.Orientation] = image.getexif().get(ExifTags.Base.Orientation, 1)
    return picture, asked


def _values(data: bytes, image: Image.Image, wanted: tuple[float, float] | None) -> np.ndarray | None:
    """Return (H, W) or (H, W, 3 or 4) uint16, or (H, W) int32, uint32 or float32; None for 8 bits or fewer."""
    if image.format not in ("PNG", "TIFF"):
        return None
    tags = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "I":
        whole = np.asarray(image, np.int32)
        return whole.view(np.uint32) if tags.get(339, (1,))[0] == 1 else whole
    if image.mode == "F":
        if not np.isfinite(floats := np.asarray(image, np.float32)).all():
            raise ValueError("some of its values are no finite numbers: write a number in their place")
        return floats
    deep = data[24] == 16 if image.format == "PNG" else set(tags.get(258, (1,))) == {16}
    return _colours(data, image, wanted) if deep else None


def _bits(image: Image.Image) -> int:
    return int(getattr(image, "tag_v2", {}).get(258, (1,))[0])


def _colours(data: bytes, image: Image.Image, wanted: tuple[float, float] | None) -> np.ndarray | None:
    """Return (H, W, 3 or 4) uint16 of a picture of which Pillow keeps the upper 8 bits alone, by OpenCV."""
    upper = np.asarray(image)
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is not None and found.dtype == np.uint16 and found.ndim == 3 and found.shape[2] >= upper.shape[2] >= 3:
        found = found[..., [2, 1, 0, 3][: upper.shape[2]]]
        if np.array_equal(found >> 8, upper):
            return np.asarray(found, np.uint16)
    if wanted or upper[..., :3].max() < 16:
        raise ValueError("16 bits a channel in a form whose lower 8 bits cannot be read: save it as PNG")
    return None


def _stated(data: bytes, image: Image.Image, values: np.ndarray) -> tuple[int, int] | None:
    """Return the range that a file of 16 bits states, unless its values exceed it; None if it states nothing."""
    if image.format == "PNG":
        return _stated_by_png(data, values)
    tags = getattr(image, "tag_v2", {})
    told = [2 ** _bits(image) - 1, *tags.get(281, ())[:1]]
    if ome := re.search(r'\bSignificantBits="(\d{1,2})"', str(tags.get(270, ""))):
        told.append(2 ** int(ome[1]) - 1)
    # Any other MaxSampleValue is the greatest that occurs, which says nothing of what is white.
    depths = [high for high in told if high in {2**bits - 1 for bits in range(9, 16)} and values.max() <= high]
    return (0, min(depths)) if depths else None


def _stated_by_png(data: bytes, values: np.ndarray) -> tuple[int, int] | None:
    """Return what sBIT means. By the standard values are spread over 16 bits all the same; not all writers do so."""
    at = 8
    while at + 8 <= len(data) and (name := data[at + 4 : at + 8]) != b"IDAT":
        size = int.from_bytes(data[at : at + 4])
        if name == b"sBIT":
            bits = max(data[at + 8 : at + 8 + min(size, 3 if values.ndim == 3 else 1)], default=16)
            if not 8 <= bits < 16:
                return None
            high = 2**bits - 1
            distinct = _distinct(values)
            nearest = (distinct * high + FULL // 2) // FULL
            shifted = distinct & (2 ** (16 - bits) - 1) == 0
            spread = (
                shifted | (distinct == (nearest * FULL + high // 2) // high) | (distinct == _repeated(distinct, bits))
            )
            return (0, FULL) if spread.all() else (0, high) if distinct[-1] <= high else None
        at += 12 + size
    return None


def _distinct(values: np.ndarray) -> np.ndarray:
    """Return the values that occur, in order, (K,) int64."""
    occurs = np.zeros(FULL + 1, bool)
    for row in range(0, len(values), _ROWS):
        occurs[values[row : row + _ROWS]] = True
    return np.flatnonzero(occurs)


def _repeated(values: np.ndarray, bits: int) -> np.ndarray:
    """Return values whose upper bits stand in the lower ones again."""
    upper = values >> (16 - bits)
    return (upper << (16 - bits)) | (upper >> max(0, 2 * bits - 16))


def _fill(made: np.ndarray, values: np.ndarray, low: float, high: float) -> None:
    """Write values as 0-255: ``low`` and what is below it as 0, ``high`` and what is above it as 255."""
    for row in range(0, len(values), _ROWS):
        some = (values[row : row + _ROWS].astype(np.float64) - low) * (255 / (high - low))
        made[row : row + _ROWS] = np.clip(some, 0, 255).round()
