"""What one image says of itself once it is through the door: digest, size, brightness, sharpness, perceptual hash."""

from __future__ import annotations

from typing import Any

import blake3
import cv2
import numpy as np

from evergreen.images.door import Range, open_image

# Brightness, sharpness and hash are taken of a picture of at most this many pixels a side, so that they compare.
_SMALL = 256
# Root mean square contrast, in levels of 255, of what the perceptual hash sees of a picture, under which it is plain.
# Pixels of one grey that are rounded up and down at random (noise, JPEG) make 0.5 * sqrt(63 / 1024) = 0.124 there, as
# 63 of 1,024 DCT coefficients are seen (Parseval); under four times that, the hash is of the rounding.
_PLAIN = 0.5


def measure(
    data: bytes, max_megapixels: float, values: Range | None = None, room: float | None = None
) -> dict[str, Any]:
    """Decode one image and return what screening keeps of it.

    Args:
        data: the file's bytes.
        max_megapixels: size by the header above which nothing is decoded.
        values: of pictures with more than 8 bits a channel, which become 0 and 255, as for ``open_image``.
        room: megapixels for which there is memory here, as for ``open_image``.

    Returns:
        width, height: of the upright picture, in pixels.
        mode, format: of the original, as Pillow names them.
        pixels: BLAKE3 of height, width and the normalised pixels; equal for equal pixels alone. SHA-256 would take
            longer than half the decoding.
        brightness: mean luma (ITU-R BT.601), 0-255.
        sharpness: variance of the Laplacian (Pech-Pacheco et al. 2000); blurred pictures are near 0.
        phash: 16 hex digits, or nothing; see ``perceptual_hash``.
        unstated: only of a picture of 16 bits that does not say how many of them count: its greatest value.

    Raises:
        LargerThanRoom: it is to be measured where there is more room.
        BadImage: it is empty, too large, truncated, or not an image.
    """
    picture = open_image(data, max_megapixels, values=values, room=room)
    height, width, _ = picture.pixels.shape
    digest = blake3.blake3(f"{height}x{width}:".encode())
    digest.update(np.ascontiguousarray(picture.pixels).data.cast("B"))
    grey = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
    scale = _SMALL / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        # Down to a half both average all pixels, and linear is six times as fast.
        how = cv2.INTER_LINEAR if scale >= 0.5 else cv2.INTER_AREA
        grey = cv2.resize(grey, size, interpolation=how)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    told = {
        "width": width,
        "height": height,
        "mode": picture.mode,
        "format": picture.format,
        "pixels": digest.hexdigest(),
        "brightness": round(float(cv2.mean(grey)[0]), 2),
        "sharpness": round(float(deviation[0, 0]) ** 2, 2),
        "phash": perceptual_hash(grey),
    }
    return told if picture.unstated is None else told | {"unstated": picture.unstated}


def perceptual_hash(grey: np.ndarray) -> str:
    """Return the 64-bit pHash of a picture: which of its lowest 8x8 DCT coefficients are above their median.

    Of the usual perceptual hashes this one tells pictures apart best while rescaling and recompressing change few bits
    (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010). Of a plain picture it says
    nothing, so it has none: an empty text.

    Args:
        grey: (H, W) uint8.
    """
    square = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(square)[:8, :8]
    contrast = np.sqrt(max(0.0, float((low**2).sum() - low[0, 0] ** 2)) / square.size)  # Parseval: of the low pass
    if contrast < _PLAIN:
        return ""
    return np.packbits(low > np.median(low)).tobytes().hex()
