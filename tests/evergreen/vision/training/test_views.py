"""evergreen.vision.training.views: what an epoch sees is a function of the seed, the view and the keys."""

import numpy as np
from augmented import smooth_pictures
from screens import ball, busy

from evergreen.images.augment import Augmenter
from evergreen.images.backgrounds.making import backgrounds_of
from evergreen.images.rows import Rows
from evergreen.images.threads import Threads
from evergreen.sections.augment import Augment
from evergreen.sections.background import Background
from evergreen.vision.training.batches import Batches, Side, keys_of
from evergreen.vision.training.features import PLAIN
from evergreen.vision.training.views import view_of

MANY = 40
ALL_OF_IT = Augment(horizontal_flip="alternate", translate=2, erasing={"fill": "mean"}, mixup=0.4, cutmix=1)


def _side() -> Side:
    labels = np.eye(3, dtype=np.float32)[np.arange(MANY) % 3]
    weights = np.linspace(0.5, 2, MANY, dtype=np.float32)
    digests = [f"{number % 30:064x}" for number in range(MANY)]  # some images stand there twice
    return Side(Rows.of(smooth_pictures(MANY, 12, 16)), labels, weights, keys_of(digests))


def test_batches_and_orders_see_the_same_mixed_pictures_with_the_same_labels() -> None:
    side, augmenter = _side(), Augmenter(ALL_OF_IT, 5)
    with Threads(2) as threads:
        view = view_of(side, augmenter, 3, threads)
        whole = view.gather(np.arange(MANY))
        assert (whole == augmenter.together(side.rows.gather(np.arange(MANY)), side.keys, 3, threads)).all()
        order = np.random.default_rng(0).permutation(MANY)
        for size in (7, 16):
            parts = list(Batches(view.side, size, order, view.gather))
            for what, expected in enumerate((whole, view.side.labels, view.side.weights)):
                assert (np.concatenate([part[what] for part in parts]) == expected[order]).all()
        shuffled = Side(
            Rows.of(side.rows.gather(order)), side.labels[order], side.weights[order], [side.keys[at] for at in order]
        )
        other = view_of(shuffled, Augmenter(ALL_OF_IT, 5), 3, threads)
        assert (other.gather(np.arange(MANY)) == whole[order]).all()
        assert (other.side.labels == view.side.labels[order]).all()
        assert [other.side.keys[at] for at in np.argsort(order)] == view.side.keys


def test_labels_and_weights_are_those_of_the_pictures() -> None:
    side = _side()
    flat = np.repeat(np.array([0, 128, 255], np.uint8)[np.arange(MANY) % 3], 12 * 16 * 3).reshape(MANY, 12, 16, 3)
    with Threads(1) as threads:
        view = view_of(side.of(Rows.of(flat)), Augmenter(Augment(mixup=1, cutmix=1), 5), 0, threads)
        seen = view.gather(np.arange(MANY)).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(seen, view.side.labels @ (0, 128, 255), atol=0.51)
    assert ((view.side.labels > 0.02).sum(axis=1) > 1).mean() > 0.3
    assert view.side.weights.min() >= 0.5
    assert (view.side.weights != side.weights).any()


def test_what_mixes_nothing_is_the_side_itself() -> None:
    side = _side()
    with Threads(1) as threads:
        plain = view_of(side, Augmenter(Augment(), 5), 3, threads)
        flipped = view_of(side, Augmenter(Augment(horizontal_flip=True), 5), 3, threads)
    assert plain.side is side
    assert flipped.side is side
    assert plain.name == PLAIN
    assert (plain.gather(np.arange(MANY)) == side.rows.gather(np.arange(MANY))).all()


def test_what_shows_another_picture_has_another_name_or_key() -> None:
    side = _side()
    named = set[tuple[str, bytes]]()
    with Threads(1) as threads:
        for augment in (ALL_OF_IT, Augment(mixup=0.4), Augment(cutmix=1)):
            for number in (0, 1):
                view = view_of(side, Augmenter(augment, 5), number, threads)
                named |= {(view.name, key) for key in view.side.keys}
                fewer = Side(side.rows, side.labels[:30], side.weights[:30], side.keys[:30])
                partners = view_of(fewer, Augmenter(augment, 5), number, threads).side.keys
                assert 0 < len({*partners} & {*view.side.keys}) < 30  # another side, other partners for some
    assert len(named) == 6 * MANY


def test_pictures_with_other_backgrounds_are_named_by_what_they_show() -> None:
    images = np.stack([*[ball(24, 32)[0]] * 20, *(busy(24, 32, seed) for seed in range(4))])
    keys = keys_of([f"{number:064x}" for number in range(24)])
    side = Side(Rows.of(images), np.eye(2, dtype=np.float32)[[0, 1] * 12], np.ones(24, np.float32), keys)
    settings = Augment(background=Background.model_validate({"replace": 1, "with": ["images"]}))
    behind = backgrounds_of(settings.background, 5, side.rows, [key.hex() for key in keys], keys)
    augmenter = Augmenter(settings, 5, behind)
    assert augmenter.active
    with Threads(1) as threads:
        view = view_of(side, augmenter, 1, threads)
        seen = view.gather(np.arange(24))
        assert (seen == behind(images, keys, 1, threads)).all()
        mixed = view_of(side, Augmenter(settings.model_copy(update={"mixup": 1.0}), 5, behind), 1, threads)
    assert view.side.keys == behind.names(keys, 1)
    assert view.name != PLAIN
    assert not set(mixed.side.keys) & set(view.side.keys)
    assert [key == name for key, name in zip(keys, view.side.keys, strict=True)] == [False] * 20 + [True] * 4


def test_a_view_without_other_backgrounds_has_the_name_that_it_always_had() -> None:
    """Features that are kept stay what they are."""
    assert Augmenter(Augment(rotation=20), 5).name == "de56cb1ff95ac043be8e5b1bef3ff72a"
