"""evergreen.images.augment: every draw a function of the seed, the view and the key alone."""

from dataclasses import fields

import numpy as np
import pytest
from augmented import EVERYTHING, KEYS, SIDE, smooth_pictures

from evergreen.images.augment import Augmenter, expanded
from evergreen.images.augmenting.changes import Changes
from evergreen.images.threads import Threads
from evergreen.sections.augment import Augment, Erasing, RandAugment
from evergreen.vision.training.batches import keys_of


def test_only_the_seed_the_view_and_the_key_decide() -> None:
    pictures, order = smooth_pictures(), np.random.default_rng(1).permutation(len(KEYS))
    augmenter = Augmenter(EVERYTHING, 7)
    with Threads(1) as one, Threads(3) as three:
        first = augmenter(pictures, KEYS, 2, one)
        shuffled = augmenter(pictures[order], [KEYS[index] for index in order], 2, three)
        alone = augmenter(pictures[5:6], KEYS[5:6], 2, one)
        assert (shuffled == first[order]).all()
        assert (alone == first[5:6]).all()
        assert (Augmenter(EVERYTHING, 7)(pictures, KEYS, 2, one) == first).all()
        for other in (augmenter(pictures, KEYS, 3, one), Augmenter(EVERYTHING, 8)(pictures, KEYS, 2, one)):
            assert all((a != b).any() for a, b in zip(first, other, strict=True))


def test_draws_fill_their_ranges_evenly() -> None:
    keys = [number.to_bytes(32, "little") for number in range(4000)]
    drawn = Augmenter(EVERYTHING, 3).draw(keys, 0, 100, 200)
    for values, low, high in (
        (drawn.rotation, -40, 40), (drawn.shear, -20, 20), (drawn.x_shift, -40, 40), (drawn.y_shift, -10, 10),
        (drawn.x_zoom, 0.7, 1.3), (drawn.y_zoom, 0.7, 1.3),
        (drawn.brightness, 0.6, 1.4), (drawn.channel_shift, -30, 30),
    ):  # fmt: skip
        counts, _ = np.histogram(values, bins=8, range=(low, high))
        assert counts.sum() == 4000
        assert counts.min() > 400
    assert 0.45 < drawn.mirrored.mean() < 0.55
    assert 0.45 < drawn.upside_down.mean() < 0.55
    table = np.stack([getattr(drawn, field.name).astype(float) for field in fields(Changes)])
    varied = table[table.std(axis=1) > 0]
    assert np.abs(np.corrcoef(varied) - np.eye(len(varied))).max() < 0.06  # no two are drawn together


def test_one_magnitude_sets_them_all() -> None:
    settings = expanded(Augment(magnitude=0.2, fill="reflect"))
    assert settings == Augment(
        rotation=144, width_shift=0.4, height_shift=0.4, zoom=0.4, horizontal_flip=True, brightness=(0.8, 1.2),
        contrast=0.2, hue=0.2, fill="reflect",
    )  # fmt: skip
    strongest = Augmenter(Augment(magnitude=0.5), 1).draw(KEYS, 0, SIDE, SIDE)
    assert strongest.x_zoom.min() >= 0.1
    assert not Augmenter(Augment(magnitude=0), 1).active


def test_without_settings_the_same_array_comes_back() -> None:
    pictures = smooth_pictures(2)
    with Threads(1) as threads:
        assert Augmenter(Augment(fill="wrap"), 1)(pictures, KEYS[:2], 0, threads) is pictures


def test_a_repeated_image_has_a_key_of_its_own_each_time() -> None:
    one, two = "1" * 64, "2" * 64
    keys = keys_of([one, two, one, one])
    assert keys[:2] == [bytes.fromhex(one), bytes.fromhex(two)]
    assert len(set(keys)) == 4
    assert keys_of([one, one, one])[1:] == [keys[2], keys[3]]


OF_0_2 = {
    "rotation": [-31.19579633603734, -14.485108612479927],
    "channel_shift": [22.180612455440773, -12.563509678874095],
    "mirrored": [True, False],
}
ALL_AT_ONCE = [
    EVERYTHING,
    Augment(horizontal_flip="alternate", vertical_flip=True, translate=5),
    Augment(rotation=20, translate=3, erasing=Erasing(probability=0.9), horizontal_flip=True),
    Augment(erasing=Erasing(probability=1, size=30, fill="mean")),
    Augment(rand_augment=RandAugment(operations=3, magnitude=20), brightness=(0.8, 1.2)),
    Augment(grey=0.5, blur=0.05, noise=30, jpeg=10, erasing=Erasing(probability=0.9)),
]


@pytest.mark.parametrize("augment", ALL_AT_ONCE)
def test_neither_the_order_nor_the_batch_nor_the_threads_matter(augment: Augment) -> None:
    pictures, order = smooth_pictures(height=40, width=56), np.random.default_rng(1).permutation(len(KEYS))
    augmenter = Augmenter(augment, 7)
    with Threads(1) as one, Threads(3) as three:
        whole = augmenter(pictures, KEYS, 3, one)
        assert whole.dtype == np.uint8
        assert (whole != pictures).any(axis=(1, 2, 3)).mean() > 0.8
        shuffled = augmenter(pictures[order], [KEYS[index] for index in order], 3, three)
        assert (shuffled == whole[order]).all()
        some = [augmenter(pictures[part], KEYS[part], 3, one) for part in (slice(0, 1), slice(1, 8), slice(8, None))]
        assert (np.concatenate(some) == whole).all()
        assert (augmenter(pictures, KEYS, 4, one) != whole).any()
        assert (Augmenter(augment, 8)(pictures, KEYS, 3, one) != whole).any()
    assert (pictures == smooth_pictures(height=40, width=56)).all()  # nothing is changed in place


def test_alternate_flips_show_every_image_both_ways_in_two_views() -> None:
    keys = [number.to_bytes(32, "little") for number in range(2000)]
    augmenter = Augmenter(Augment(horizontal_flip="alternate"), 3)
    views = [augmenter.draw(keys, view, 8, 8).mirrored for view in (0, 1, 2, 3, 1_000_000, 1_000_001)]
    assert 0.45 < views[0].mean() < 0.55
    assert (views[0] != views[1]).all()
    assert (views[0] == views[2]).all()
    assert (views[1] == views[3]).all()
    assert (views[0] == views[4]).all()  # where a phase begins, all begin anew
    assert (views[1] == views[5]).all()
    other = Augmenter(Augment(horizontal_flip="alternate"), 4).draw(keys, 0, 8, 8).mirrored
    assert 0.4 < (other == views[0]).mean() < 0.6  # another seed, another half


def test_whole_pixels_are_drawn_evenly_between_their_bounds() -> None:
    keys = [number.to_bytes(32, "little") for number in range(4000)]
    drawn = Augmenter(Augment(translate=2), 3).draw(keys, 0, 32, 32)
    for move in (drawn.x_move, drawn.y_move):
        values, counts = np.unique(move, return_counts=True)
        assert values.tolist() == [-2, -1, 0, 1, 2]
        assert counts.min() > 700


def test_draws_of_a_recipe_stay_what_they_were_in_earlier_versions() -> None:
    drawn = Augmenter(EVERYTHING, 7).draw(KEYS[:2], 2, 96, 96)
    assert drawn.rotation.tolist() == pytest.approx(OF_0_2["rotation"], abs=1e-12)
    assert drawn.channel_shift.tolist() == pytest.approx(OF_0_2["channel_shift"], abs=1e-12)
    assert drawn.mirrored.tolist() == OF_0_2["mirrored"]


def test_what_mixes_alone_changes_no_image_by_itself() -> None:
    pictures = smooth_pictures(4)
    augmenter = Augmenter(Augment(mixup=0.4), 1)
    assert augmenter.active
    with Threads(1) as threads:
        assert augmenter(pictures, KEYS[:4], 0, threads) is pictures
        assert (augmenter.together(pictures, KEYS[:4], 0, threads) != pictures).any()
        alone = Augmenter(Augment(translate=3), 1)
        assert (alone.together(pictures, KEYS[:4], 0, threads) == alone(pictures, KEYS[:4], 0, threads)).all()
    assert alone.mixing(KEYS, 0, SIDE, SIDE) is None


def test_every_setting_has_a_name_of_its_own() -> None:
    others = [
        Augment(), Augment(horizontal_flip=True), Augment(horizontal_flip="alternate"), Augment(translate=1),
        Augment(erasing=Erasing()), Augment(erasing=Erasing(fill="mean")), Augment(rand_augment=RandAugment()),
        Augment(rand_augment=RandAugment(magnitude=3)), Augment(mixup=0.2), Augment(cutmix=0.2), Augment(mixup=0.3),
        Augment(grey=0.2), Augment(blur=0.2), Augment(noise=0.2), Augment(jpeg=20), Augment(jpeg=21),
    ]  # fmt: skip
    assert len({Augmenter(augment, 1).name for augment in others} | {Augmenter(Augment(), 2).name}) == len(others) + 1


def test_a_magnitude_leaves_what_it_does_not_stand_for() -> None:
    beside = expanded(Augment(magnitude=0.1, erasing=Erasing(size=4), mixup=0.2, cutmix=1, fill="wrap"))
    assert (beside.erasing, beside.mixup, beside.cutmix, beside.fill) == (Erasing(size=4), 0.2, 1, "wrap")
    assert (beside.magnitude, beside.rotation) == (None, 72)


@pytest.mark.parametrize(
    ("augment", "name"),
    [
        (Augment(), "dc80bea20f6e2bdf18416949b18f1754"),
        (Augment(horizontal_flip=True, rotation=10), "4ac750c472229fe1c006eb8488999d5c"),
        (Augment(magnitude=0.2, erasing=Erasing()), "f9c112cf6f34a7cf1c900688703f3861"),
    ],
)
def test_what_is_kept_under_a_name_of_an_earlier_version_is_found_whatever_fields_came_since(
    augment: Augment, name: str
) -> None:
    assert Augmenter(augment, 7).name == name
    # A new field is named where it is set, and only there: nothing is to be added to _ALWAYS_NAMED.
    assert Augmenter(augment.model_copy(update={"noise": 3.0}), 7).name != name


def test_what_a_later_version_can_do_too_changes_no_draw_of_what_was_there() -> None:
    pictures = smooth_pictures()
    with Threads(1) as threads:
        before = Augmenter(EVERYTHING, 7)(pictures, KEYS, 0, threads)
        after = Augmenter(EVERYTHING.model_copy(update={"jpeg": 100, "noise": 2.0}), 7)(pictures, KEYS, 0, threads)
    assert np.abs(before.astype(int) - after).mean() < 5


def test_the_worse_image_is_allowed_beside_a_magnitude() -> None:
    beside = expanded(Augment(magnitude=0.1, grey=0.2, blur=0.01, noise=9, jpeg=30))
    assert (beside.grey, beside.blur, beside.noise, beside.jpeg) == (0.2, 0.01, 9, 30)
