"""evergreen.images.augmenting.mixing: who is mixed with whom, how much, and that labels are mixed as pictures are."""

from dataclasses import replace

import numpy as np
import pytest
from augmented import smooth_pictures
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, kstest

from evergreen.images.augmenting.mixing import draw
from evergreen.images.threads import Threads

MANY = [number.to_bytes(32, "little") for number in range(4000)]
SIDES = st.integers(1, 40)
KINDS = st.sampled_from([(0.2, 0.0), (0.0, 1.0), (1.0, 0.5)])


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 60), KINDS, SIDES, SIDES, st.integers(0, 9))
def test_labels_sum_to_1_and_a_boxs_share_is_that_of_its_pixels(
    count: int, kinds: tuple[float, float], height: int, width: int, view: int
) -> None:
    mixing = draw(MANY[:count], *kinds, 3, view, height, width)
    assert sorted(mixing.partners) == list(range(count))  # each is a partner once
    assert (mixing.partners != np.arange(count)).all()
    labels = np.eye(5, dtype=np.float32)[np.arange(count) % 5]
    mixed = mixing.mixed(labels)
    assert mixed.dtype == np.float32
    np.testing.assert_allclose(mixed.sum(axis=1), 1, atol=1e-6)
    assert (mixed >= 0).all()
    own, others = np.zeros((count, height, width, 3), np.uint8), np.full((count, height, width, 3), 255, np.uint8)
    with Threads(1) as threads:
        pictures = mixing.pictures(own, others, np.arange(count), threads)
    seen = pictures[..., 0].mean(axis=(1, 2)) / 255
    np.testing.assert_allclose(seen[mixing.cut], 1 - mixing.shares[mixing.cut], atol=1e-9)
    np.testing.assert_allclose(seen[~mixing.cut], 1 - mixing.shares[~mixing.cut], atol=0.5 / 255 + 1e-9)
    assert mixing.cut.all() == (kinds[0] == 0) or kinds[0] > 0
    assert not mixing.cut.any() or kinds[1] > 0


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(30)), KINDS)
def test_the_order_of_the_side_changes_nothing(order: list[int], kinds: tuple[float, float]) -> None:
    keys = MANY[:30]
    shuffled = [keys[index] for index in order]
    first, second = (draw(some, *kinds, 1, 4, 20, 30) for some in (keys, shuffled))
    for place, index in enumerate(order):
        assert shuffled[second.partners[place]] == keys[first.partners[index]]
        assert second.shares[place] == first.shares[index]
        assert (second.boxes[place] == first.boxes[index]).all()
        assert second.cut[place] == first.cut[index]
    assert [second.keys(shuffled)[place] for place in range(30)] == [first.keys(keys)[index] for index in order]


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1, 3, 20])
def test_shares_are_betas(alpha: float) -> None:
    """Twice 4,000 draws: a wrong distribution fails at once, and the keys are fixed, so a right one never does."""
    shares = np.concatenate([draw(MANY, alpha, 0, 1, view, 8, 8).shares for view in (0, 1)])
    assert kstest(shares, beta(alpha, alpha).cdf).pvalue > 0.01
    assert shares.min() >= 0
    assert shares.max() <= 1


def test_boxes_have_the_pictures_aspect_and_their_area_by_beta() -> None:
    mixing = draw(MANY, 0, 1, 1, 0, 100, 200)
    assert mixing.cut.all()
    high, wide = mixing.boxes[:, 2] - mixing.boxes[:, 0], mixing.boxes[:, 3] - mixing.boxes[:, 1]
    inside = (
        (mixing.boxes[:, 0] > 0) & (mixing.boxes[:, 1] > 0) & (mixing.boxes[:, 2] < 100) & (mixing.boxes[:, 3] < 200)
    )
    assert inside.sum() > 500
    assert np.abs(wide[inside] - 2 * high[inside]).max() <= 1
    assert 0.55 < mixing.shares.mean() < 0.8  # 0.5, and more where a box is cut off at the border


def test_with_both_each_has_half_of_the_images() -> None:
    mixing = draw(MANY, 0.2, 1, 1, 0, 32, 32)
    assert 0.46 < mixing.cut.mean() < 0.54
    assert (mixing.boxes[~mixing.cut] == 0).all()
    assert kstest(mixing.shares[~mixing.cut], beta(0.2, 0.2).cdf).pvalue > 0.01


def test_another_view_or_seed_has_other_partners_and_keys() -> None:
    first = draw(MANY, 1, 0, 1, 0, 8, 8)
    for other in (draw(MANY, 1, 0, 1, 1, 8, 8), draw(MANY, 1, 0, 2, 0, 8, 8)):
        assert (other.partners == first.partners).mean() < 0.01
        assert not set(other.keys(MANY)) & set(first.keys(MANY))
    assert len({*first.keys(MANY), *MANY}) == 2 * len(MANY)
    assert {len(key) for key in first.keys(MANY)} == {32}


def test_weights_are_mixed_alike() -> None:
    mixing = draw(MANY[:50], 1, 1, 1, 0, 16, 16)
    weights = np.arange(50, dtype=np.float32)
    expected = mixing.shares * weights + (1 - mixing.shares) * weights[mixing.partners]
    np.testing.assert_allclose(mixing.mixed(weights), expected, atol=1e-5)


def test_a_box_is_the_partners_very_pixels() -> None:
    pictures = smooth_pictures(12)
    mixing = draw(MANY[:12], 0, 1, 1, 0, *pictures.shape[1:3])
    positions = np.array([7, 2, 9])
    with Threads(1) as threads:
        mixed = mixing.pictures(pictures[positions], pictures[mixing.partners[positions]], positions, threads)
    for picture, position in zip(mixed, positions, strict=True):
        top, left, bottom, right = mixing.boxes[position]
        expected = pictures[position].copy()
        expected[top:bottom, left:right] = pictures[mixing.partners[position], top:bottom, left:right]
        assert (picture == expected).all()


def test_a_key_names_both_pictures_and_how_they_are_mixed() -> None:
    mixing = draw(MANY[:6], 1, 1, 1, 0, 16, 16)
    keys = mixing.keys(MANY[:6])
    others = [
        replace(mixing, partners=np.roll(mixing.partners, 1)),
        replace(mixing, shares=mixing.shares / 2),
        replace(mixing, cut=~mixing.cut),
        replace(mixing, boxes=mixing.boxes + 1),
    ]
    for other in others:
        assert not set(other.keys(MANY[:6])) & set(keys)
