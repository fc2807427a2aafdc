"""evergreen.images.processes.decode_worker: the pixels that it writes are the door's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hostile_images import saved, thin_png
from PIL import Image

from evergreen.errors import BadImage, LargerThanRoom
from evergreen.images.door import open_image
from evergreen.images.processes.decode_worker import answer


def test_the_pixels_are_the_doors_and_the_limit_is_the_requests(tmp_path: Path, png: Callable[..., bytes]) -> None:
    (tmp_path / "a").write_bytes(png())
    request = {"path": str(tmp_path / "a"), "pixels": str(tmp_path / "a.npy"), "max_megapixels": 1}
    assert answer(request) == {}
    assert np.array_equal(np.load(tmp_path / "a.npy"), open_image(png()).pixels)
    (tmp_path / "a").write_bytes(thin_png(1000, 1000))
    with pytest.raises(BadImage, match="over the limit"):
        answer(request | {"max_megapixels": 0.999})
    with pytest.raises(LargerThanRoom):
        answer(request | {"room": 0.5})


def test_the_range_is_the_requests(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(saved(Image.fromarray(np.array([[0, 4095]], np.uint16))))
    answer({"path": str(tmp_path / "a"), "pixels": str(tmp_path / "a.npy"), "max_megapixels": 1, "values": [0, 4095]})
    assert np.load(tmp_path / "a.npy")[0, :, 0].tolist() == [0, 255]
