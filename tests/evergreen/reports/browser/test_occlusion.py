"""The page's occlusion.js under Node: which places are hidden, how, and what becomes of the drops."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RUNNER = Path(__file__).parents[3] / "support" / "occlusion.mjs"
SIZES = [(16, 16), (240, 240), (1, 1), (1, 16), (28, 7), (3, 5), (100, 240), (8, 9)]
Ask = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def ask(node: str, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Calls functions of the module: what each of them gave."""
    file = tmp_path_factory.mktemp("occlusion") / "calls.json"

    def run(*calls: tuple[Any, ...]) -> list[Any]:
        file.write_text(json.dumps(calls))
        done = subprocess.run([node, str(RUNNER), str(file)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    return run


def _part(height: int, width: int, top: int = 0, left: int = 0) -> dict[str, int]:
    return {"top": top, "left": left, "height": height, "width": width}


def _covers(part: dict[str, int], places: list[dict[str, int]]) -> np.ndarray:
    """How many places cover each pixel of the part; raises where one lies outside of it."""
    counts = np.zeros((part["height"], part["width"]), int)
    for place in places:
        top, left = place["top"] - part["top"], place["left"] - part["left"]
        assert top >= 0 and left >= 0
        assert top + place["height"] <= part["height"] and left + place["width"] <= part["width"]
        counts[top : top + place["height"], left : left + place["width"]] += 1
    return counts


def test_the_part_that_is_hidden_is_where_the_picture_lies(ask: Ask) -> None:
    rules = [{"height": 24, "width": 32, "resize": name, "interpolation": "area"} for name in ("squash", "crop", "pad")]
    sizes = [(24, 32), (1, 1), (100, 12_000), (9000, 10), (31, 17), (640, 480), (48, 63)]
    pictures = [({"height": height, "width": width}, rule) for height, width in sizes for rule in rules]
    found = ask(*(call for both in pictures for call in (("seenPart", *both), ("whitened", *both))))
    for (picture, rule), part, pixels in zip(pictures, found[::2], found[1::2], strict=True):
        white = np.array(pixels, np.uint8).reshape(24, 32, 3).all(axis=2)
        expected = np.zeros_like(white)
        expected[part["top"] : part["top"] + part["height"], part["left"] : part["left"] + part["width"]] = True
        assert (white == expected).all(), (picture, rule)
        shape = (32, 24) if rule["resize"] == "crop" else (picture["width"], picture["height"])
        assert part["ratio"] == pytest.approx(shape[0] / shape[1])


@pytest.mark.parametrize("across", [4, 2])
def test_each_grid_covers_everything_and_names_only_what_it_adds(ask: Ask, across: int) -> None:
    parts = [_part(height, width, 3, 5) for height, width in SIZES]
    for part, grids in zip(parts, ask(*(("gridsOf", part, across) for part in parts)), strict=True):
        assert _covers(part, grids[0]).min() == 1  # the coarsest leaves no gap
        places = [place for grid in grids for place in grid]
        assert len({tuple(place.values()) for place in places}) == len(places)
        assert all(grids)
        assert min(place[end] for place in places for end in ("height", "width")) >= 1
        side = max(1, int(max(part["height"], part["width"]) / across + 0.5))
        whole = (min(side, part["height"]), min(side, part["width"]))
        assert {(place["height"], place["width"]) for place in grids[0]} == {whole}
        assert all(place["height"] <= whole[0] and place["width"] <= whole[1] for place in places)
    counts = [[len(grid) for grid in grids] for grids in ask(("gridsOf", _part(240, 240), across))]
    assert np.cumsum(counts[0]).tolist() == ([16, 49, 81, 289, 1089] if across == 4 else [4, 9, 25, 81, 289])


def test_a_place_is_hidden_in_a_copy_in_the_mean_colour_of_the_picture_alone(ask: Ask) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (10, 12, 3))
    part, place = _part(6, 12, top=2), _part(3, 4, top=4, left=8)
    [colour] = ask(("meanColour", {"pixels": pixels.ravel().tolist()}, 12, part))
    assert colour == np.floor(pixels[2:8].mean(axis=(0, 1)) + 0.5).astype(int).tolist()
    [copy] = ask(("hidden", {"pixels": pixels.ravel().tolist()}, 12, place, colour))
    expected = pixels.copy()
    expected[4:7, 8:12] = colour
    assert (np.array(copy).reshape(pixels.shape) == expected).all()
    [cut] = ask(("cutOut", {"pixels": pixels.ravel().tolist()}, 12, place))
    assert (np.array(cut).reshape(3, 4, 3) == pixels[4:7, 8:12]).all()


def test_heat_is_the_mean_drop_of_the_places_that_cover_a_pixel(ask: Ask) -> None:
    part = _part(9, 14, top=1, left=2)
    places = [place for grid in ask(("gridsOf", part, 4))[0][:3] for place in grid][:-7]  # the last grid not whole
    drops = np.random.default_rng(2).uniform(-1, 1, len(places))
    [heat] = ask(("heatOf", part, places, drops.tolist()))
    sums = sum(_covers(part, [place]) * drop for place, drop in zip(places, drops, strict=True))
    assert np.allclose(np.array(heat).reshape(9, 14), sums / _covers(part, places), atol=1e-6)
    assert ask(("heatOf", part, [], []))[0] == [0] * (9 * 14)


@pytest.mark.parametrize("left", [3, 0, 16])  # also at an edge
def test_where_one_place_decides_the_heat_lies_there(ask: Ask, left: int) -> None:
    """A made-up model: the brighter the square at rows 9 to 12, the likelier."""
    part = _part(20, 20)
    pixels = np.full((20, 20, 3), 30)
    pixels[9:13, left : left + 4] = 250

    def answer(image: np.ndarray) -> float:
        return float(image[9:13, left : left + 4].mean() / 250)

    [colour] = ask(("meanColour", {"pixels": pixels.ravel().tolist()}, 20, part))
    places = [place for grid in ask(("gridsOf", part, 4))[0] for place in grid]
    copies = ask(*(("hidden", {"pixels": pixels.ravel().tolist()}, 20, place, colour) for place in places))
    drops = [answer(pixels) - answer(np.array(copy).reshape(pixels.shape)) for copy in copies]
    heat = np.array(ask(("heatOf", part, places, drops))[0]).reshape(20, 20)
    hottest = np.argwhere(heat >= heat.max() - 1e-6)
    assert ((hottest >= (9, left)) & (hottest < (13, left + 4))).all()
    assert heat[9:13, left : left + 4].mean() > 5 * np.delete(heat, np.s_[3:18], axis=0).mean()
    [found] = ask(("verdictOf", answer(pixels), drops))
    assert found["kind"] == "for"
    assert ask(("thirdOf", places[found["place"]], part)) == [[1, {3: 0, 0: 0, 16: 2}[left]]]


@pytest.mark.parametrize(
    ("probability", "drops", "kind", "place", "least"),
    [
        (0.9, [0.01, 0.06, -0.2], "for", 1, 0.05),
        (0.9, [0.01, 0.04, -0.2, -0.3], "against", 3, 0.05),
        (0.9, [0.04, -0.04], "none", 0, 0.05),
        (0.04, [0.015, 0.025], "for", 1, 0.02),  # of a small probability, half
        (0.001, [0.001, -0.009], "none", 0, 0.01),  # but not what 8 bits round
        (0.9, [], "none", 0, 0.05),
    ],
)
def test_whether_a_place_matters_is_told_by_a_stated_change(
    ask: Ask, probability: float, drops: list[float], kind: str, place: int, least: float
) -> None:
    assert ask(("verdictOf", probability, drops)) == [{"kind": kind, "least": least, "place": place}]
    assert ask(("leastChange", probability)) == [least]


def test_thirds_tell_where_a_place_is_also_where_the_picture_is_a_strip(ask: Ask) -> None:
    part = _part(9, 30, top=6, left=1)
    places = [_part(3, 3, top=6, left=1), _part(3, 3, top=9, left=15), _part(3, 3, top=12, left=28)]
    assert ask(*(("thirdOf", place, part) for place in places)) == [[0, 0], [1, 1], [2, 2]]
    assert ask(("thirdOf", _part(1, 4), _part(1, 4))) == [[1, 1]]


def test_the_map_is_grey_where_nothing_changed_and_tells_drops_from_rises(ask: Ask) -> None:
    part = _part(1, 4, top=1, left=1)
    pixels = np.zeros((3, 6, 3), int)
    pixels[1, 1:5] = [[200, 10, 10], [90, 90, 90], [0, 0, 0], [255, 255, 255]]
    [flat] = ask(("coloured", {"pixels": pixels.ravel().tolist()}, 6, part, [0, 0, 0, 0], 0.1))
    flat = np.array(flat).reshape(4, 3)
    assert (flat == flat[:, :1]).all()
    assert flat[3, 0] > flat[0, 0] > flat[2, 0]
    [found] = ask(("coloured", {"pixels": pixels.ravel().tolist()}, 6, part, [0.1, -0.1, 0.05, 7], 0.1))
    drop, rise, half, most = np.array(found).reshape(4, 3)
    assert drop[0] - drop[2] > 150 and rise[2] - rise[0] > 120
    assert 0 < half[0] - half[2] < drop[0] - drop[2]
    assert most[0] - most[2] > 150  # nothing is denser than the scale's end
