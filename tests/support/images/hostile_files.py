"""Thousands of files that are no pictures, or damaged, or lie: one list for every door that must bear them."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from hostile_images import EPS, colours, heic, icns, ico, jpeg2000, png, saved, thin_png, with_sbit
from PIL import Image

_SIDE = (40, 30)


@cache
def whole() -> dict[str, bytes]:
    """Return a picture, unharmed, of every format and mode that is read."""
    rng = np.random.default_rng(5)
    noise = Image.fromarray(rng.integers(0, 256, (_SIDE[1], _SIDE[0], 3), np.uint8))
    smooth = noise.resize((7, 5)).resize(_SIDE, Image.Resampling.BICUBIC)
    alpha = smooth.copy()
    alpha.putalpha(noise.convert("L"))
    deep = rng.integers(0, 65_536, (_SIDE[1], _SIDE[0], 3), np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [smooth, noise, smooth]
    made = {kind: saved(smooth, kind) for kind in ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "HEIF")}
    made |= {
        "JPEG2000": saved(smooth, "JPEG2000"),
        "ICO": saved(smooth, "ICO"),
        "ICNS": icns(jpeg2000((64, 64), (64, 64))),
    }
    made |= {
        "JPEG progressive": saved(smooth, "JPEG", progressive=True),
        "JPEG upright by EXIF": saved(smooth, "JPEG", exif=exif),
        "JPEG CMYK": saved(smooth.convert("CMYK"), "JPEG"),
        "JPEG grey": saved(smooth.convert("L"), "JPEG", restart_marker_blocks=1),
        "PNG alpha": saved(alpha, "PNG"),
        "PNG palette": saved(smooth.quantize(16), "PNG", transparency=3),
        "PNG one bit": saved(smooth.convert("1"), "PNG"),
        "PNG deep": colours(deep),
        "PNG deep, stated": with_sbit(colours(deep), 12, 12, 12),
        "GIF animated": saved(smooth, "GIF", save_all=True, append_images=frames),
        "WEBP alpha": saved(alpha, "WEBP", lossless=True),
        "WEBP animated": saved(smooth, "WEBP", save_all=True, append_images=frames),
        "TIFF packed": saved(smooth, "TIFF", compression="tiff_lzw"),
        "TIFF deflated": saved(smooth, "TIFF", compression="tiff_adobe_deflate"),
        "TIFF deep": colours(deep, ".tiff"),
        "TIFF float": saved(smooth.convert("F"), "TIFF"),
        "PPM letters": b"P3 4 3 255\n" + b" ".join(b"%d" % (value % 256) for value in range(36)),
        "PGM deep": b"P5 4 3 65535\n" + bytes(range(24)),
        "ICO of PNG": ico(saved(alpha, "PNG")),
    }
    return made


def written() -> Iterator[tuple[str, bytes]]:
    """Yield files that somebody thought of, by name."""
    yield "empty", b""
    yield "one byte", b"\xff"
    yield from (("zeros", bytes(5_000)), ("spaces", b" " * 5_000), ("text", b"not a picture\n" * 40))
    yield "page", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "drawing", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    yield "pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    yield from (("postscript", EPS), ("pdf", b"%PDF-1.7\n" + bytes(300)), ("xl", b"\xff\x0a" + bytes(300)))
    yield "zip", _zip()
    yield from ((f"begins as {kind}", data[:16] + bytes(500)) for kind, data in whole().items())
    for width, height in ((30_000, 30_000), (60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (0, 0), (12_300, 12_300)):
        yield f"png of {width}x{height}", png(width, height)
        yield f"icon of {width}x{height}", ico(png(width, height))
        yield f"mac icon of {width}x{height}", icns(png(width, height))
    yield from ((f"thin {width}x{height}", thin_png(width, height)) for width, height in ((20_000, 1), (1, 60_000)))
    for claimed in ((64, 64), (60_000, 60_000), (1, 1)):
        yield f"jpeg2000 that claims {claimed}", jpeg2000(claimed, (64, 64))
        yield f"jpeg2000 that has {claimed}", jpeg2000((64, 64), claimed)
        yield f"mac icon, jpeg2000 of {claimed}", icns(jpeg2000(claimed, claimed))
        yield f"heic that claims {claimed}", heic(claimed)
    yield "gif of 65535x65535", b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(20)
    yield "bmp of 40000x40000", _bmp(40_000, 40_000)
    yield "bmp upside down", _bmp(4, -4)
    yield "ppm of 99999x99999", b"P6 99999 99999 255\n" + bytes(100)
    yield "ppm of letters without end", b"P3 500 500 255 " + b"7 " * 20_000
    yield "deflate bomb", _bomb()
    yield "scans without end", _scans()
    yield "transparent", saved(Image.new("RGBA", (900, 700)), "WEBP", lossless=True, method=0)


def mutated(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield so many damaged files, by name; the same ones for the same seed."""
    rng, kinds = random.Random(seed), list(whole())
    for number in range(count):
        kind, change = kinds[number % len(kinds)], _CHANGES[(number // len(kinds)) % len(_CHANGES)]
        yield f"{number:04d} {kind}, {change.__name__.strip('_')}", change(bytearray(whole()[kind]), rng)


def hostile_files(count: int, seed: int = 0) -> dict[str, bytes]:
    """Return so many files by name: whole ones, those that were thought of, and damaged ones for the rest."""
    found = {**whole(), **dict(written())}
    found |= dict(mutated(max(0, count - len(found)), seed))
    return dict(list(found.items())[:count])


def _flipped(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 12)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _head_flipped(data: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(min(len(data), 80))] = rng.randrange(256)
    return bytes(data)


def _cut(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(1, len(data))])


def _lengthened(data: bytearray, rng: random.Random) -> bytes:
    return bytes(data) + rng.randbytes(rng.randint(1, 3000))


def _holed(data: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    data[start : start + rng.randint(1, 200)] = b""
    return bytes(data) or b"\0"


def _doubled(data: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(len(data))
    part = data[start : start + rng.randint(4, 400)]
    return bytes(data[:start] + part * rng.randint(2, 30) + data[start:])


def _zeroed(data: bytearray, rng: random.Random) -> bytes:
    start, size = rng.randrange(len(data)), rng.randint(1, 300)
    data[start : start + size] = bytes(len(data[start : start + size]))
    return bytes(data)


def _greatest(data: bytearray, rng: random.Random) -> bytes:
    """Put a greatest or least number where one may stand for a length, a size or an offset."""
    number = rng.choice((0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFF, 0, 1))
    start = rng.randrange(min(len(data), 200))
    data[start : start + 4] = struct.pack(rng.choice("<>") + "I", number)
    return bytes(data)


def _spliced(data: bytearray, rng: random.Random) -> bytes:
    other = whole()[rng.choice(list(whole()))]
    return bytes(data[: rng.randrange(1, len(data))]) + other[rng.randrange(len(other)) :]


def _noise(data: bytearray, rng: random.Random) -> bytes:
    kept = rng.randint(2, 40)
    return bytes(data[:kept]) + rng.randbytes(rng.randint(1, 4000))


_CHANGES: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    _flipped, _head_flipped, _cut, _lengthened, _holed, _doubled, _zeroed, _greatest, _spliced, _noise,
)  # fmt: skip


def _zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        zipped.writestr("a.png", saved(Image.new("RGB", (4, 4))))
    return data.getvalue()


def _bmp(width: int, height: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 64, 0, 0, 54) + head + bytes(64)


def _bomb() -> bytes:
    """Return a PNG of 8x8 whose rows are packed from 50 MiB."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(50 * 2**20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _scans() -> bytes:
    data = saved(Image.new("L", (600, 600)), "JPEG", progressive=True)
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * 300 + data[-2:]
