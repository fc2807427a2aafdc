"""evergreen.datasets.changes: images that came, went, or have another label."""

import pandas as pd

from evergreen.datasets.changes import ImageChanges, compare_images


def _table(*rows: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["sha256", "label"])


def test_added_removed_and_relabelled_are_counted_by_bytes() -> None:
    old = _table(("a", "cat"), ("b", "cat"), ("c", "dog"), ("d", "dog"))
    new = _table(("a", "cat"), ("b", "dog"), ("d", "dog"), ("e", "dog"), ("f", "cat"))
    changes = compare_images(old, new)
    assert changes == ImageChanges(total=5, added=2, removed=1, relabelled=1)
    assert changes.new_share == 3 / 5


def test_a_copy_of_an_image_is_no_new_image_and_order_is_no_change() -> None:
    old = _table(("a", "cat"), ("b", "dog"))
    new = _table(("b", "dog"), ("a", "cat"), ("a", "cat"))
    assert compare_images(old, new) == ImageChanges(total=2, added=0, removed=0, relabelled=0)


def test_a_dataset_that_became_empty_has_no_new_share() -> None:
    changes = compare_images(_table(("a", "cat")), _table())
    assert (changes.removed, changes.total, changes.new_share) == (1, 0, 0.0)
