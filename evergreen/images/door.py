"""The door: the one place where a file becomes pixels, for training and serving alike.

Out comes 8-bit RGB, upright by EXIF, alpha composited on white, first frame only. The size in the header, and in that
of a picture inside, is checked before anything is decoded.
"""

import io
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError, features
from pillow_heif import register_heif_opener

from evergreen.errors import (
    BadImage,
    DecoderFailed,
    DecodersUnavailable,
    LargerThanRoom,
    UnknownFormat,
    ValuesWithoutRange,
)
from evergreen.images import depth
from evergreen.images.formats import CODECS, FORMATS, HEAD_BYTES, IMAGE, UNKNOWN, kind_of, what_to_do

MAX_MEGAPIXELS = 150.0
# The most that a recipe may allow; for images that screening let through under its own limit.
SCREENED = 1000.0
_END_OF_JPEG = b"\xff\xd9"

Range = tuple[float, float]

# Pillow's limit is one for the whole process: whoever opens a picture has it for as long as that takes.
_opening = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """A normalised image.

    Attributes:
        pixels: (H, W, 3) uint8, RGB, 0-255.
        format: the container by content, such as ``PNG``, whatever the file's name says.
        mode: Pillow's mode of the original, such as ``L`` or ``RGBA``.
        unstated: its greatest value, 0-65,535, if it has 16 bits a channel and nothing says how many of them count;
            they were all taken to.
    """

    pixels: np.ndarray
    format: str
    mode: str
    unstated: int | None = None


def open_image(
    data: bytes,
    max_megapixels: float = MAX_MEGAPIXELS,
    formats: Sequence[str] = FORMATS,
    values: Range | None = None,
    room: float | None = None,
) -> Picture:
    """Decode and normalise one image.

    Args:
        data: the file's bytes; the name plays no part.
        max_megapixels: size by the header, also of a picture inside, above which nothing is decoded.
        formats: which of ``FORMATS`` are opened.
        values: of pictures with more than 8 bits a channel, which become 0 and 255, as ``screen.range``; None goes by
            what each file says, as ``depth.shallow`` tells.
        room: megapixels for which there is memory here; None has enough for any.

    Raises:
        UnknownFormat: it is of none of the formats.
        DecoderFailed: it begins as one of them, but is damaged, truncated, or not all of that format is read.
        ValuesWithoutRange: its values are of no stated range, and none is given.
        LargerThanRoom: it is let in, but not opened in so little room.
        BadImage: it is empty, or too large.
        MemoryError: the process may not have as much as decoding takes.
        DecodersUnavailable: this Pillow lacks one of ``FORMATS``.
    """
    require_decoders()
    if not data:
        raise BadImage("empty file")
    most = max_megapixels if room is None else min(room, max_megapixels)
    megapixels = 0.0
    try:
        with _opened(data, formats, most) as image:
            megapixels = image.width * image.height / 1e6
            if megapixels > most:
                raise _too_large(megapixels, max_megapixels)
            return _decoded(data, image, values)
    except (BadImage, LargerThanRoom, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise _too_large(int(pixels[0]) / 1e6 if pixels else max_megapixels + 1, max_megapixels) from error
    except UnidentifiedImageError:  # its text holds an address in memory, another one every time
        if begun := _begins_as(data, formats):
            raise DecoderFailed(
                f"not a readable image: begins as {begun}, and is damaged or of a kind of it that is not read", 0
            ) from None
        raise UnknownFormat(f"not a readable image: {_not_read(data)}") from None
    except Exception as error:
        raise DecoderFailed(
            f"not a readable image: {str(error).strip() or type(error).__name__}"[:200], megapixels
        ) from error


@cache
def require_decoders() -> None:
    """Refuse a Pillow that was built without a format, for else what is accepted would depend on the machine.

    HEIF, which iPhones take, is read by a plug-in: the primary picture, on one thread, for more of them reserve address
    space.

    Raises:
        DecodersUnavailable: it lacks some.
    """
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # odd EXIF is no news to anyone
    if missing := [name for codec, name in CODECS.items() if not features.check(codec)]:
        raise DecodersUnavailable(
            f"expected a Pillow that reads {', '.join(FORMATS)}, this one lacks {', '.join(missing)}: install the "
            "wheel that requirements.lock names with pip install --force-reinstall --only-binary :all: pillow"
        )


def _begins_as(data: bytes, formats: Sequence[str]) -> str:
    """Return those of some formats whose magic number a file has, in words; nothing if it has none."""
    known = [name for name in formats if (accepts := Image.OPEN[name][1]) and accepts(data[:16]) is True]
    return " or ".join(known)


def _not_read(data: bytes) -> str:
    kind = kind_of(data[:HEAD_BYTES])
    found = {UNKNOWN: "of no known format", IMAGE: "of none of the formats asked for"}.get(kind, f"this is {kind}")
    return "; ".join(filter(None, (found, what_to_do(kind))))


@contextmanager
def _opened(data: bytes, formats: Sequence[str], max_megapixels: float) -> Iterator[Image.Image]:
    """Open an image, and look at pictures inside it, under a limit of Pillow's that nobody else meets."""
    with _opening:
        pillows = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = (int(max_megapixels * 1e6) + 1) // 2  # Pillow refuses twice as many
        try:
            image = Image.open(io.BytesIO(data), formats=list(formats))
            if image.format == "ICNS":  # of all others a picture inside is opened with them
                image.load()
        finally:
            Image.MAX_IMAGE_PIXELS = pillows
    with image:
        yield image


def _too_large(megapixels: float, limit: float) -> BadImage | LargerThanRoom:
    if megapixels > limit:
        return BadImage(f"{megapixels:.0f} megapixels, over the limit of {limit:g}")
    return LargerThanRoom(megapixels)


def _decoded(data: bytes, image: Image.Image, values: Range | None) -> Picture:
    """Return an opened image; a plain JPEG by OpenCV, which gives the same pixels and takes two thirds of the time.

    OpenCV turns a truncated JPEG grey instead of refusing it, so one without its end is left to Pillow.
    """
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    plain = image.format == "JPEG" and image.mode in ("RGB", "L") and orientation == 1
    if plain and data[-64:].rstrip(b"\0").endswith(_END_OF_JPEG):
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
        if pixels is not None:
            return Picture(np.asarray(pixels, np.uint8), str(image.format), image.mode)
    try:
        shallow, unstated = depth.shallow(data, image, values)
    except depth.RangeNeeded as error:
        raise ValuesWithoutRange(f"{image.format} with {error}", error.low, error.high) from None
    upright = shallow if orientation == 1 else ImageOps.exif_transpose(shallow)
    return Picture(_normalise(upright), str(image.format), image.mode, unstated)


def _normalise(upright: Image.Image) -> np.ndarray:
    if upright.mode.startswith("I"):
        # Pillow clips 16-bit values to 255; those of PGM and JPEG 2000 it has scaled by what the file says.
        grey = (np.asarray(upright, np.float64) / 257).round().astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if upright.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        upright = Image.alpha_composite(white, rgba)
    return np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"), np.uint8)
