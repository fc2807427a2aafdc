"""Small files that claim to be large pictures, or to be what starts a program; and pictures of 16 bits a channel."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

register_heif_opener()

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n0 0 8 8 rectfill showpage\n%%EOF\n"


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return an image as a file's bytes."""
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def png(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims a size."""
    data = bytearray(saved(Image.new("L", (10, 10)), "PNG"))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


def thin_png(width: int, height: int) -> bytes:
    """Return a PNG that really has that size; of 20,000x1 in 1-bit grey it takes 143 bytes or fewer."""
    return saved(Image.new("1", (width, height), 1), "PNG", optimize=True)


def jpeg2000(header: tuple[int, int], stream: tuple[int, int]) -> bytes:
    """Return a small JPEG 2000 whose header claims one size (width, height), and the stream in it another."""
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
    data = bytearray(saved(Image.fromarray(noise), "JPEG2000"))
    at = data.index(b"ihdr") + 4
    data[at : at + 8] = struct.pack(">II", header[1], header[0])
    at = data.index(b"\xff\x4f\xff\x51") + 8  # Xsiz, Ysiz, their offsets, then the tiles'
    data[at : at + 8] = struct.pack(">II", *stream)
    data[at + 16 : at + 24] = struct.pack(">II", *stream)
    return bytes(data)


def icns(inside: bytes) -> bytes:
    """Return a Mac icon with one picture inside."""
    return b"icns" + struct.pack(">I", 16 + len(inside)) + b"ic07" + struct.pack(">I", 8 + len(inside)) + inside


def ico(inside: bytes) -> bytes:
    """Return a Windows icon with one picture inside."""
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(inside), 22) + inside


def heic(header: tuple[int, int]) -> bytes:
    """Return a small HEIC, really of 64 x 64 pixels, whose header claims a size (width, height)."""
    data = bytearray(saved(Image.new("RGB", (64, 64), "red"), "HEIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", *header)
    return bytes(data)


def with_sbit(png: bytes, *bits: int) -> bytes:
    """Return a PNG with a chunk that says how many bits of a channel count."""
    body = b"sBIT" + bytes(bits)
    return png[:33] + struct.pack(">I", len(bits)) + body + struct.pack(">I", zlib.crc32(body)) + png[33:]


def colours(values: np.ndarray, suffix: str = ".png") -> bytes:
    """Return (H, W, 3 or 4) uint16 RGB(A) as a file."""
    return bytes(cv2.imencode(suffix, values[..., [2, 1, 0, 3][: values.shape[2]]])[1])
