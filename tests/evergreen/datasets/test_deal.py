"""evergreen.datasets.deal: folds that never move, what stays together, and what is said of the rest."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.datasets.deal import deal, sides
from evergreen.errors import BadDataset

NONE = pd.DataFrame({"path": [], "group": []}, dtype=object)


def _table(numbers: Sequence[int], classes: int = 3, hashes: Sequence[str] | None = None) -> pd.DataFrame:
    """Return images of these numbers; each has pixels and a class of its own, whichever others there are."""
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]
    return pd.DataFrame({
        "path": [f"{number % classes}/{number}.png" for number in numbers],
        "label": [f"class {number % classes}" for number in numbers],
        "sha256": digests,
        "width": 8,
        "height": 8,
        "pixels": digests,
        "phash": list(hashes) if hashes else "",
        "split": "train",
    })  # fmt: skip


def _folds(
    table: pd.DataFrame, folds: int = 5, groups: pd.DataFrame = NONE, bits: int = 3
) -> dict[str, tuple[int, str]]:
    found = deal(table, groups, folds, 0.15, bits).dataset
    return {path: (fold, side) for path, fold, side in zip(found["path"], found["fold"], found["side"], strict=True)}


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=80, unique=True),
    st.sampled_from([2, 5]),
    st.randoms(use_true_random=False),
)
def test_no_image_moves_when_others_come_or_the_rows_are_in_another_order(more, folds, random) -> None:  # type: ignore[no-untyped-def]
    first = list(range(5000, 5150))
    before = _folds(_table(first), folds)
    numbers = [*first, *more]
    random.shuffle(numbers)
    after = _folds(_table(numbers), folds)
    assert {path: after[path] for path in before} == before


def test_each_class_is_spread_and_every_image_is_judged_once() -> None:
    found = deal(_table(range(3000)), NONE, 5, 0.15, 3).dataset
    assert sorted(found["fold"].unique()) == [1, 2, 3, 4, 5]
    counts = found.groupby(["label", "fold"]).size()
    assert len(counts) == 15
    assert (abs(counts - 200) <= 4 * np.sqrt(1000 * 0.2 * 0.8)).all()  # four standard deviations
    tests = pd.concat([found.loc[sides(found, number) == "test", "path"] for number in range(1, 6)])
    assert sorted(tests) == sorted(found["path"])
    for number in range(1, 6):
        side = sides(found, number)
        assert 0.12 < (side == "validation").sum() / (side != "test").sum() < 0.18
        assert set(found.loc[side == "train", "label"]) == {"class 0", "class 1", "class 2"}


def test_equal_near_equal_and_grouped_pictures_are_in_one_fold_and_on_one_side() -> None:
    numbers = range(600)
    hashes = [
        f"{int(hashlib.sha256(str(number // 2).encode()).hexdigest()[:16], 16) ^ number % 2:016x}" for number in numbers
    ]
    near = _folds(_table(numbers, 1, hashes).assign(label=[f"class {number % 2}" for number in numbers]))
    assert all(near[f"0/{number}.png"] == near[f"0/{number + 1}.png"] for number in range(0, 600, 2))
    apart = _folds(_table(numbers, 1, hashes).assign(label=[f"class {number % 2}" for number in numbers]), bits=0)
    assert any(apart[f"0/{number}.png"][0] != apart[f"0/{number + 1}.png"][0] for number in range(0, 600, 2))
    table = _table(numbers)
    copies = table.assign(path="copy/" + table["path"])
    both = _folds(pd.concat([table, copies]))
    assert all(both[path] == both[f"copy/{path}"] for path in table["path"])
    groups = pd.DataFrame({"path": table["path"], "group": [f"camera {number // 10}" for number in numbers]})
    grouped = _folds(table, groups=groups)
    placed = groups["path"].map(grouped).groupby(groups["group"]).nunique()
    assert (placed == 1).all()
    assert len({grouped[path][0] for path in table["path"]}) == 5


def test_pictures_that_come_to_a_group_do_not_move_it() -> None:
    def of(count: int) -> dict[str, tuple[int, str]]:
        table = _table(range(count))
        names = [f"camera {number % 60}" if number % 3 else "" for number in range(count)]
        groups = pd.DataFrame({"path": table["path"], "group": names})
        return _folds(table, groups=groups[groups["group"] != ""])

    before, after = of(300), of(600)
    assert {path: after[path] for path in before} == before


def _few(label: str, count: int) -> pd.DataFrame:
    table = _table(range(10_000, 10_000 + count))
    return table.assign(label=label, path=f"{label}/" + table["path"])


def test_a_class_of_one_picture_is_refused_by_name() -> None:
    with pytest.raises(BadDataset, match=r"rare has 1, in one fold: add images of it, leave it out"):
        deal(pd.concat([_table(range(300)), _few("rare", 1)]), NONE, 5, 0.15, 3)


def test_a_class_of_few_pictures_is_dealt_as_far_as_it_goes_and_that_is_said() -> None:
    rare = _few("rare", 2)
    found = deal(pd.concat([_table(range(300)), rare]), NONE, 20, 0.9, 3)
    assert "folds: rare: too few distinct images for validation too, so all of them train" in found.notes
    assert any(note.startswith("folds: not in every one of 20 folds is an image of: ") for note in found.notes)
    assert any("rare (2)" in note for note in found.notes)
    for number in range(1, 21):
        side = sides(found.dataset, number)
        assert "rare" in set(found.dataset.loc[side == "train", "label"])


def test_few_images_validate_all_the_same_and_that_is_said() -> None:
    found = deal(_table(range(40), 2), NONE, 4, 1e-9, 3)
    assert "folds: too few images for split.validation: 1e-09; more validate, for each fold needs some" in found.notes
    for number in range(1, 5):
        side = sides(found.dataset, number)
        assert (side == "validation").any()
        assert set(found.dataset.loc[side == "train", "label"]) == {"class 0", "class 1"}
    assert (found.dataset["side"] == "validation").sum() <= 4


def test_a_fold_without_images_to_judge_or_to_validate_on_is_refused() -> None:
    with pytest.raises(
        BadDataset, match=r"fold \d+ of 20: expected images to judge, found none among 12 .*fewer folds"
    ):
        deal(_table(range(12), 1).assign(label=["a", "b"] * 6), NONE, 20, 0.15, 3)
    folds = _folds(_table(range(60), 1), 2)
    one, other = ([number for number in range(60) if folds[f"0/{number}.png"][0] == fold] for fold in (1, 2))
    four = _table([one[0], other[0], one[1], other[1]], 1).assign(label=["a", "a", "b", "b"])
    with pytest.raises(BadDataset, match=r"expected images for validation, found none among 4 once each class has"):
        deal(four, NONE, 2, 0.15, 3)


def test_a_fold_that_is_far_larger_says_what_stays_together() -> None:
    table = _table(range(300))
    groups = pd.DataFrame({"path": table["path"][:200], "group": "one session"})
    found = deal(table, groups, 5, 0.15, 3)
    assert any("200 of them stay together" in note for note in found.notes)
