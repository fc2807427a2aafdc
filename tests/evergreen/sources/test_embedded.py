"""evergreen.sources.embedded: the digits archive, as odd as a downloaded one and always the same."""

import io
import zipfile

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from evergreen.sources.embedded import NAMES, digits_zip


def test_the_archive_is_the_same_every_time() -> None:
    assert digits_zip() == digits_zip()


def test_it_holds_every_digit_in_its_folder_and_the_damage() -> None:
    zipped = zipfile.ZipFile(io.BytesIO(digits_zip()))
    images = [name for name in zipped.namelist() if name.startswith("digits/")]
    folders = {name.split("/")[1] for name in images}
    assert len(images) == 1797
    assert folders - set(NAMES) == {"th ree", "eigth"}
    assert any(name.startswith("__MACOSX/") for name in zipped.namelist())


def test_pixels_are_the_datasets_own() -> None:
    zipped = zipfile.ZipFile(io.BytesIO(digits_zip()))
    pixels = np.asarray(Image.open(io.BytesIO(zipped.read("digits/zero/0000.png"))))
    assert np.array_equal(pixels, (load_digits().images[0] * 255 / 16).round().astype(np.uint8))
