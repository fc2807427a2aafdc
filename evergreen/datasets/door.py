"""The door: the one place where a file becomes pixels, for training and serving alike.

Out comes 8-bit RGB, upright by EXIF, alpha composited on white, first frame only. The size in the header is checked
before anything is decoded.
"""

import io
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from evergreen.errors import BadImage

MAX_MEGAPIXELS = 50.0
_END_OF_JPEG = b"\xff\xd9"


@dataclass(frozen=True)
class Picture:
    """A normalised image.

    Attributes:
        pixels: (H, W, 3) uint8, RGB, 0-255.
        format: the container by content, such as ``PNG``, whatever the file's name says.
        mode: Pillow's mode of the original, such as ``L`` or ``RGBA``.
    """

    pixels: np.ndarray
    format: str
    mode: str


def open_image(data: bytes, max_megapixels: float | None = MAX_MEGAPIXELS) -> Picture:
    """Decode and normalise one image.

    Args:
        data: the file's bytes; the name plays no part.
        max_megapixels: size by the header above which nothing is decoded; None for images that were screened.

    Raises:
        BadImage: it is empty, too large, truncated, or not an image.
    """
    if not data:
        raise BadImage("empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd EXIF is no news to anyone
            Image.MAX_IMAGE_PIXELS = None  # size is judged below, by one limit and in our words
            with Image.open(io.BytesIO(data)) as image:
                megapixels = image.width * image.height / 1e6
                if max_megapixels is not None and megapixels > max_megapixels:
                    raise BadImage(f"{megapixels:.0f} megapixels, over the limit of {max_megapixels:g}")
                return Picture(_decoded(data, image), str(image.format), image.mode)
    except BadImage:
        raise
    except UnidentifiedImageError:  # its text holds an address in memory, another one every time
        raise BadImage("not a readable image: of no known format") from None
    except Exception as error:
        raise BadImage(f"not a readable image: {str(error) or type(error).__name__}"[:200]) from error


def _decoded(data: bytes, image: Image.Image) -> np.ndarray:
    """Return the pixels of an opened image; a plain JPEG's by OpenCV, which gives the same and takes two thirds of it.

    OpenCV turns a truncated JPEG grey instead of refusing it, so one without its end is left to Pillow.
    """
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    plain = image.format == "JPEG" and image.mode in ("RGB", "L") and orientation == 1
    if plain and data[-64:].rstrip(b"\0").endswith(_END_OF_JPEG):
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
        if pixels is not None:
            return np.asarray(pixels, np.uint8)
    return _normalise(image if orientation == 1 else ImageOps.exif_transpose(image))


def _normalise(upright: Image.Image) -> np.ndarray:
    if upright.mode.startswith("I;16"):
        # Pillow clips 16-bit values to 255 instead of scaling them.
        grey = (np.asarray(upright, np.float64) / 257).round().astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        upright = Image.alpha_composite(white, rgba)
    return np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"), np.uint8)
