"""The page's resize.js against OpenCV, under Node: every rule and filter, odd sizes, whole and broken factors."""

import json
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from evergreen.images.pixels import resize
from evergreen.sections.data import Image

RUNNER = Path(__file__).parents[2] / "support" / "resize.mjs"
RULES = ("squash", "crop", "pad")
FILTERS = ("area", "bilinear", "bicubic", "nearest")


@pytest.fixture(scope="module")
def cases() -> list[tuple[np.ndarray, Image]]:
    rng = np.random.default_rng(5)
    return [(picture, image) for index in range(120) for picture, image in _some(rng, index)]


def _some(rng: np.random.Generator, index: int) -> Iterator[tuple[np.ndarray, Image]]:
    """Yield one picture under every filter: noise and slopes; any size, whole multiples, and whole parts."""
    height, width = rng.integers(4, 150, 2)
    target = rng.integers(8, 70, 2)
    if index % 4 == 1:
        height, width = target * rng.integers(1, 5, 2)
    if index % 4 == 2:
        height, width = target * 2
    if index % 4 == 3:
        height, width = rng.integers(8, 40, 2)
        target = np.array([height, width]) * rng.integers(1, 4)
    if index % 10 == 9:  # far thinner than the target: crop cuts before it scales
        height, width = rng.permutation([int(rng.integers(1, 4)), int(rng.integers(900, 3000))])
    picture = rng.integers(0, 256, (height, width, 3))
    if index % 3 == 0:
        picture = np.clip(np.cumsum(picture % 9 - 4, axis=1) + 128, 0, 255)
    for name in FILTERS:
        image = Image(height=target[0], width=target[1], resize=RULES[index % len(RULES)], interpolation=name)
        yield picture.astype(np.uint8), image


@pytest.fixture(scope="module")
def prepared(
    cases: list[tuple[np.ndarray, Image]], node: str, tmp_path_factory: pytest.TempPathFactory
) -> list[np.ndarray]:
    """What the page makes of the cases."""
    folder = tmp_path_factory.mktemp("resize")
    stated = [
        {"height": picture.shape[0], "width": picture.shape[1], "rule": image.model_dump()} for picture, image in cases
    ]
    (folder / "cases.json").write_text(json.dumps(stated))
    (folder / "images.bin").write_bytes(b"".join(picture.tobytes() for picture, _ in cases))
    subprocess.run([node, str(RUNNER), str(folder)], check=True, timeout=60)
    flat = np.fromfile(folder / "prepared.bin", np.uint8)
    ends = np.cumsum([image.height * image.width * 3 for _, image in cases])
    parts = np.split(flat, ends)
    assert parts.pop().size == 0
    return [part.reshape(image.height, image.width, 3) for part, (_, image) in zip(parts, cases, strict=True)]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="OpenCV rounds differently elsewhere")
@pytest.mark.parametrize("interpolation", FILTERS)
def test_the_page_resizes_as_opencv_does(
    interpolation: str, cases: list[tuple[np.ndarray, Image]], prepared: list[np.ndarray]
) -> None:
    differences = [
        np.abs(made.astype(int) - resize(picture, image)).ravel()
        for (picture, image), made in zip(cases, prepared, strict=True)
        if image.interpolation == interpolation
    ]
    all_of_them = np.concatenate(differences)
    if interpolation == "bicubic":  # by Intel's IPP, whose sums nobody can repeat to the last bit
        assert all_of_them.max() <= 1
        assert all_of_them.mean() < 5e-3  # nearly all of them where a whole factor makes ties
    else:
        assert all_of_them.max() == 0
