"""evergreen.images.backgrounds.replacing: by the seed, the view and the key alone; as often as the recipe says."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from screens import OBJECT, ball, busy

from evergreen.images.backgrounds.making import backgrounds_of
from evergreen.images.backgrounds.replacing import Backgrounds
from evergreen.images.rows import Rows
from evergreen.images.threads import Threads
from evergreen.sections.background import Background

MANY, UNIFORM = 40, 30
SIZE = (24, 32)


def _images() -> np.ndarray:
    """Thirty objects before a green screen, then ten pictures without one."""
    return np.stack([*[ball(*SIZE)[0]] * UNIFORM, *(busy(*SIZE, seed) for seed in range(MANY - UNIFORM))])


def _behind(images: np.ndarray | None = None, first: int = 0, seed: int = 7, **settings: object) -> Backgrounds:
    images = _images() if images is None else images
    digests = [f"{first + number:064x}" for number in range(len(images))]
    keys = [bytes.fromhex(digest) for digest in digests]
    return backgrounds_of(Background.model_validate(settings), seed, Rows.of(images), digests, keys)


def _seen(behind: Backgrounds, view: int, order: np.ndarray | None = None, threads: int = 1) -> np.ndarray:
    order = np.arange(len(behind.keys)) if order is None else order
    with Threads(threads) as some:
        return behind(behind.images.gather(order), [behind.keys[at] for at in order], view, some)


def test_only_the_seed_the_view_and_the_key_decide() -> None:
    behind, order = _behind(), np.random.default_rng(1).permutation(MANY)
    whole = _seen(behind, 3)
    assert (_seen(behind, 3, order, 3) == whole[order]).all()
    assert (_seen(behind, 3, order[:1]) == whole[order[:1]]).all()
    assert (_seen(_behind(), 3) == whole).all()
    assert (_seen(behind, 4) != whole).any()
    assert (_seen(_behind(seed=8), 3) != whole).any()
    assert (behind.images.gather(np.arange(MANY)) == _images()).all(), "what it was given stays as it is"


def test_as_often_as_the_recipe_says_and_never_without_a_uniform_background() -> None:
    behind = _behind(replace=0.3)
    assert behind.found.tolist() == [True] * UNIFORM + [False] * (MANY - UNIFORM)
    changed = np.stack([(_seen(behind, view) != _images()).any(axis=(1, 2, 3)) for view in range(50)])
    assert changed[:, :UNIFORM].mean() == pytest.approx(0.3, abs=0.05)
    assert (np.abs(changed[:, :UNIFORM].sum(axis=0) - 15) <= 1).all(), "each image as often as the others"
    assert not changed[:, UNIFORM:].any()
    halves = _behind(replace=0.5)
    two = np.stack([(_seen(halves, view) != _images()).any(axis=(1, 2, 3)) for view in (6, 7)])
    assert (two[:, :UNIFORM].sum(axis=0) == 1).all(), "two views in a row show each image both ways"
    assert 0.2 < two[0, :UNIFORM].mean() < 0.8
    assert (_seen(_behind(replace=1), 0) != _images()).any(axis=(1, 2, 3)).sum() == UNIFORM


def test_the_object_stays_and_the_screen_goes() -> None:
    _, alpha = ball(*SIZE)
    for scene in ("plain", "spots", "leaves", "images"):
        seen = _seen(_behind(replace=1, **{"with": [scene]}), 1)[:UNIFORM]
        assert np.abs(seen[:, alpha == 1].astype(int) - OBJECT).max() < 16, scene
        green = np.abs(seen[:, alpha == 0].astype(int) - (30, 170, 60)).sum(axis=2) < 40
        assert green.mean() < 0.15, scene


def test_each_scene_as_often() -> None:
    behind = _behind(replace=1)
    views = [behind._chosen(behind.keys[:UNIFORM], view)[0] for view in range(40)]
    assert all(len({view[at] for view in views[:4]}) == 4 for at in range(UNIFORM)), "one after the other"
    kinds = [kind for view in views for kind in view]
    assert {kind: pytest.approx(0.25, abs=0.01) for kind in ("plain", "spots", "leaves", "images")} == {
        kind: kinds.count(kind) / len(kinds) for kind in set(kinds)
    }


def test_those_lend_their_surroundings_whose_background_is_no_single_colour() -> None:
    behind = _behind(replace=1, **{"with": ["images"]})
    assert all(behind._lender(key, view) >= UNIFORM for key in behind.keys for view in range(5))
    alone = _behind(_images()[:UNIFORM], replace=1, **{"with": ["images"]})
    lenders = [alone._lender(key, view) for key in alone.keys for view in range(20)]
    assert len(set(lenders)) > UNIFORM / 2
    assert all(alone._lender(key, 0) != at for at, key in enumerate(alone.keys)), "nobody lends to itself"
    only = _behind(_images()[:1], replace=1, **{"with": ["images"]})
    assert _seen(only, 0).shape == (1, *SIZE, 3)


def test_one_more_image_changes_what_few_are_lent() -> None:
    images = np.stack([busy(*SIZE, seed) for seed in range(200)])
    many, more = _behind(images[:199]), _behind(images)
    same = [many._lender(key, 0) == more._lender(key, 0) for key in many.keys]
    assert np.mean(same) > 0.9


def test_a_picture_is_named_by_what_it_shows() -> None:
    behind = _behind(replace=1, **{"with": ["images"]})
    names = behind.names(behind.keys, 2)
    assert len(set(names)) == MANY
    assert [name == key for name, key in zip(names, behind.keys, strict=True)] == [False] * UNIFORM + [True] * 10
    others = np.concatenate([_images()[:UNIFORM], np.stack([busy(*SIZE, 90 + seed) for seed in range(10)])])
    lent = [*(f"{number:064x}" for number in range(UNIFORM)), *(f"{900 + number:064x}" for number in range(10))]
    other = backgrounds_of(behind.settings, 7, Rows.of(others), lent, [bytes.fromhex(digest) for digest in lent])
    assert other.name == behind.name
    assert not set(other.names(other.keys[:UNIFORM], 2)) & set(names[:UNIFORM]), (
        "others lend, so it shows something else"
    )
    assert _behind(replace=1, **{"with": ["plain"]}).names(behind.keys, 2) == behind.keys


def test_photos_of_a_folder_stand_behind_objects_and_are_in_the_name(tmp_path: Path) -> None:
    for number, colour in enumerate(((255, 0, 0), (0, 0, 255))):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((50, 50, 3), colour[::-1], np.uint8))
    settings = {"replace": 1, "with": [f"{tmp_path}/"]}
    behind = _behind(**settings)
    seen = _seen(behind, 0)[:UNIFORM, 0, 0]
    assert {tuple(colour) for colour in seen.tolist()} == {(255, 0, 0), (0, 0, 255)}
    assert behind.facts() == {
        "images": MANY,
        "uniform": UNIFORM,
        "replace": 1,
        "with": [f"{tmp_path}/"],
        "photos": {f"{tmp_path}/": {"used": 2, "beyond": 0, "left_out": {}}},
    }
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((50, 50, 3), np.uint8))
    assert _behind(**settings).name != behind.name


def test_views_in_which_an_image_has_another_background_are_found() -> None:
    behind = _behind(replace=0.5)
    with Threads(1) as threads:
        found = dict(behind.replaced(_images()[0], behind.keys[0], 12, threads))
        assert dict(behind.replaced(_images()[-1], behind.keys[-1], 12, threads)) == {}
    whole = {view: _seen(behind, view)[0] for view in range(12)}
    assert sorted(found) == [view for view, seen in whole.items() if (seen != _images()[0]).any()]
    assert all((found[view] == whole[view]).all() for view in found)
