"""evergreen.images.backgrounds.making: an object is cut out once, whatever training asks for it."""

from pathlib import Path

import numpy as np
import pytest
from screens import ball, busy

from evergreen.images.backgrounds import making
from evergreen.images.backgrounds.making import backgrounds_of, cutouts
from evergreen.images.pixels import Images
from evergreen.images.rows import Rows
from evergreen.sections.background import Background
from evergreen.sections.data import Image

DIGESTS = [f"{number:064x}" for number in (1, 2, 1)]
SIZE = Image(height=24, width=32)


@pytest.fixture
def images() -> np.ndarray:
    return np.stack([ball(24, 32)[0], busy(24, 32), ball(24, 32)[0]])


def test_each_image_is_cut_out_once_and_kept(
    images: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = []
    real = making.cut_out
    monkeypatch.setattr(making, "cut_out", lambda pixels: cut.append(pixels) or real(pixels))
    first = cutouts(Rows.of(images), DIGESTS, tmp_path)
    assert len(cut) == 2, "the third has the first one's digest"
    found = first.gather(np.arange(3))
    assert (found == np.stack([real(image) for image in images])).all()
    assert (cutouts(Rows.of(images), DIGESTS, tmp_path).gather(np.arange(3)) == found).all()
    assert len(cut) == 2, "kept"


def test_cut_out_objects_lie_in_a_folder_by_the_rule_that_made_the_pixels(images: np.ndarray, tmp_path: Path) -> None:
    kept = Images({}.__getitem__, cutouts=tmp_path)
    keys = [bytes.fromhex(f"{number:064x}") for number in range(3)]
    behind = backgrounds_of(Background(), 3, Rows.of(images), DIGESTS, keys, kept.cutouts_of(SIZE))
    assert behind.found.tolist() == [True, False, True]
    assert [path.parent.name for path in tmp_path.rglob("*.rows")] == [kept.rule(SIZE)]
