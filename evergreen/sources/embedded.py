"""Datasets inside installed libraries, written as archives that enter through the same door as any download."""

import io
import zipfile
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from evergreen.sources.fetching.context import SourceContext

if TYPE_CHECKING:
    from evergreen.sections.data import EmbeddedSource

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# Damaged on purpose, as real archives are: a split word and a misspelling. Repair must undo both.
_DAMAGED = {"three": "th ree", "eight": "eigth"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can say; no clock, so the same bytes every time


def version(source: "EmbeddedSource", context: SourceContext) -> dict[str, Any]:
    """Return what the digits archive depends on: this layout and the library that carries the images."""
    found = f"layout 1, scikit-learn {metadata.version('scikit-learn')}"
    return {"address": f"embedded:{source.name}", "version": found, "files": {}}


def acquire(source: "EmbeddedSource", versions: Mapping[str, str], context: SourceContext) -> dict[str, bytes]:
    """Return the dataset as one archive."""
    return {f"{source.name}.zip": digits_zip()}


def digits_zip() -> bytes:
    """Return scikit-learn's handwritten digits as a zip of PNG class folders.

    1,797 images of 8x8 pixels, grey, values 0-16 scaled to 0-255; from the UCI optical recognition test set
    (Alpaydin and Kaynak 1998). The zip holds a ``__MACOSX`` folder and two damaged folder names, as found in the wild.
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = (digits.images * (255 / 16)).round().astype("uint8")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as zipped:
        for index, (image, target) in enumerate(zip(pixels, digits.target, strict=True)):
            png = io.BytesIO()
            Image.fromarray(image).save(png, "PNG")
            name = NAMES[target]
            path = f"digits/{_DAMAGED.get(name, name)}/{index:04d}.png"
            zipped.writestr(zipfile.ZipInfo(path, _EPOCH), png.getvalue())
        for name in NAMES:
            fork = zipfile.ZipInfo(f"__MACOSX/digits/{_DAMAGED.get(name, name)}/._0000.png", _EPOCH)
            zipped.writestr(fork, b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ")
    return archive.getvalue()
