"""evergreen.datasets.splitting.grouped: with folder, a group is never on two sides; all is used or has a reason."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evergreen.datasets.split import Divided, leakage, split
from evergreen.errors import BadDataset
from evergreen.sections.split import Split

METHODS = ("exact", "keras", "stable", "predefined")
FAR = 0xFFFF_FFFF_FFFF_FFFF // 65537


def _how(method: str, *others: str, **values: float) -> Split:
    return Split(method=method, group=("folder", *others), **{"validation": 0.15, "test": 0.15, **values})


def _tables(rows: list[tuple[str, str, str, str]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return dataset and groups of rows (label, group, pixels, subset)."""
    table = pd.DataFrame(rows, columns=["label", "group", "pixels", "subset"])
    table["path"] = [f"{label}/{number:05d}" for number, label in enumerate(table["label"])]
    table["phash"] = [f"{np.random.default_rng(hash_of(one)).integers(0, 2**63):016x}" for one in table["pixels"]]
    groups = table.loc[table["group"] != "", ["path", "group"]]
    return table[["path", "label", "pixels", "subset", "phash"]], groups


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()) % 2**31


def _sessions(sizes: dict[str, list[int]], alone: int = 0, subset: str = "") -> list[tuple[str, str, str, str]]:
    """Return rows of classes with so many images in session 0, 1, ... each, and some in no session."""
    return [
        (label, f"session {number}", f"{subset}{label} {number} {index}", subset)
        for label, counts in sizes.items()
        for number, count in enumerate(counts)
        for index in range(count)
    ] + [(label, "", f"{subset}{label} alone {index}", subset) for label in sizes for index in range(alone)]


def _divide(rows: list[tuple[str, str, str, str]], how: Split, seed: int = 1, bits: int = 0) -> Divided:
    dataset, groups = _tables(rows)
    if how.method == "predefined":
        dataset["subset"] = dataset["subset"].replace("", "train")
    return split(dataset, groups, sorted({row[0] for row in rows} - {""}), how, seed, bits)


def _sides(divided: Divided, rows: list[tuple[str, str, str, str]]) -> dict[str, set[str]]:
    _, groups = _tables(rows)
    used = divided.dataset.merge(groups, on="path")
    return {str(name): set(some["split"]) for name, some in used.groupby("group")}


def _shares(divided: Divided) -> dict[Any, float]:
    return divided.dataset["split"].value_counts(normalize=True).to_dict()


def _some_rows(seed: int) -> list[tuple[str, str, str, str]]:
    """Return 30 to 90 images of two classes, many of them copies, in up to nine sessions or in none."""
    rng = np.random.default_rng(seed)
    sessions = ["", *(f"session {number}" for number in range(rng.integers(4, 10)))]
    pictures = rng.integers(0, 10 * rng.integers(3, 20), rng.integers(30, 90))
    return [("ab"[picture % 2], str(rng.choice(sessions)), str(picture), "") for picture in pictures]


ROWS = st.integers(0, 2**31).map(_some_rows)


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from(METHODS), st.sampled_from([(), ("near-duplicates",)]), st.integers(0, 99))
def test_no_group_is_on_two_sides_all_is_used_or_has_a_reason_and_no_order_counts(
    rows: list[tuple[str, str, str, str]], method: str, others: tuple[str, ...], seed: int
) -> None:
    how = _how(method, *others)
    rows = [*rows, ("", "session 1", "unlabelled", "unlabelled")]
    dataset, groups = _tables(rows)
    if method == "predefined":
        dataset["subset"] = dataset["subset"].replace("", "train")
    try:
        divided = split(dataset, groups, ["a", "b"], how, seed, 8)
    except BadDataset as refused:
        assert "split.group" in str(refused) or "different images" in str(refused)
        assume(False)
    used, aside = divided.dataset, divided.aside
    assert sorted([*used["path"], *aside["path"], *divided.unlabelled["path"]]) == sorted(dataset["path"])
    assert (aside["reason"] != "").all()
    assert list(used.columns) == [*dataset.columns, "split"]
    assert all(len(sides) == 1 for sides in _sides(divided, rows).values())
    assert (used.groupby("pixels")["split"].nunique() == 1).all()
    assert set(used.loc[used["split"] == "train", "label"]) == {"a", "b"}
    if method != "stable":
        assert set(map(tuple, used[["label", "split"]].drop_duplicates().to_numpy())) >= {
            (label, side) for label in "ab" for side in ("validation", "test") if not others or method == "exact"
        }
    order = np.random.default_rng(seed)
    again = split(
        dataset.sample(frac=1, random_state=seed), groups.iloc[order.permutation(len(groups))], ["a", "b"], how, seed, 8
    )
    pd.testing.assert_frame_equal(again.dataset, used)
    pd.testing.assert_frame_equal(again.aside, aside)
    assert again.notes == divided.notes


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS, st.integers(0, 99))
def test_images_that_come_never_move_a_group_under_stable(
    rows: list[tuple[str, str, str, str]], more: list[tuple[str, str, str, str]], seed: int
) -> None:
    how = _how("stable", validation=0.3, test=0.3)
    try:
        old, new = _divide(rows, how, seed), _divide([*rows, *more], how, seed + 1)
    except BadDataset:
        assume(False)
    before, after = _sides(old, rows), _sides(new, [*rows, *more])
    assert {name: after[name] for name in before if name in after} == {
        name: sides for name, sides in before.items() if name in after
    }
    assert all("equal pixels with" in reason for reason in new.aside["reason"])


@pytest.mark.parametrize("method", ["exact", "keras"])
def test_shares_and_classes_are_as_near_as_groups_allow(method: str) -> None:
    rng = np.random.default_rng(2)
    rows = _sessions({label: rng.integers(2, 20, 40).tolist() for label in ("cat", "dog", "eel")})
    divided = _divide(rows, _how(method))
    for label, some in divided.dataset.groupby("label"):
        shares = some["split"].value_counts(normalize=True)
        assert shares["test"] == pytest.approx(0.15, abs=0.05), label
        assert shares["validation"] == pytest.approx(0.15, abs=0.05), label
    assert not any("instead of" in note for note in divided.notes)


def test_exact_depends_on_the_seed_and_keras_and_stable_do_not() -> None:
    rows = _sessions({label: [9] * 20 for label in ("cat", "dog")})
    for method in ("exact", "keras", "stable"):
        one, other = (_divide(rows, _how(method), seed).dataset["split"].tolist() for seed in (1, 2))
        assert (one == other) == (method != "exact")


def test_keras_takes_the_first_sessions() -> None:
    rows = _sessions({label: [10] * 10 for label in ("cat", "dog")})
    sides = _sides(_divide(rows, _how("keras", validation=0.2, test=0)), rows)
    assert {name for name, where in sides.items() if where == {"validation"}} == {"session 0", "session 1"}


def test_a_session_of_two_classes_is_one_group() -> None:
    rows = _sessions({"cat": [8] * 9, "dog": [3] * 9})
    assert len(_sides(_divide(rows, _how("exact")), rows)) == 9


@pytest.mark.parametrize("method", ["exact", "keras", "predefined"])
def test_groups_that_share_a_picture_are_one_and_it_is_said(method: str) -> None:
    rows = _sessions({label: [6] * 12 for label in ("cat", "dog")})
    shared = [*rows, ("cat", "session 3", "cat 7 0", ""), ("cat", "session 9", "cat 7 0", "")]
    divided = _divide(shared, _how(method))
    sides = _sides(divided, shared)
    assert sides["session 3"] == sides["session 7"] == sides["session 9"]
    assert divided.aside.empty
    (note,) = divided.notes
    assert note.startswith("3 groups share pictures")
    assert note.endswith("together as 1: session 3, session 7, session 9")


def test_stable_sets_a_copy_in_a_group_of_another_side_aside_and_moves_no_group() -> None:
    rows = _sessions({label: [6] * 30 for label in ("cat", "dog")})
    how = _how("stable", validation=0.3, test=0.3)
    before = _sides(_divide(rows, how), rows)
    judged = next(name for name, sides in before.items() if sides == {"test"})
    trained = next(name for name, sides in before.items() if sides == {"train"})
    number = judged.removeprefix("session ")
    copied = [*rows, ("cat", trained, f"cat {number} 0", ""), ("cat", "", f"cat {number} 1", "")]
    divided = _divide(copied, how)
    assert _sides(divided, copied) == before
    reasons = divided.aside["reason"].tolist()
    assert len(reasons) >= 1
    assert all("equal pixels with cat/" in reason and "in test, outside its group" in reason for reason in reasons)


def test_near_duplicates_join_groups_where_both_are_asked_for() -> None:
    rows = _sessions({label: [5] * 20 for label in ("cat", "dog")})
    dataset, groups = _tables(rows)
    number = {name: int(name.removeprefix("session ")) for name in groups["group"]}
    # Sessions 2k and 2k + 1 look alike.
    dataset["phash"] = [f"{FAR * (number[name] // 2 + 1) % 2**64:016x}" for name in groups["group"]]
    both = split(dataset, groups, ["cat", "dog"], _how("exact", "near-duplicates"), 1, 1)
    sides = _sides(both, rows)
    assert all(sides[f"session {2 * k}"] == sides[f"session {2 * k + 1}"] for k in range(10))
    assert leakage(both.dataset, 1).empty
    assert not leakage(split(dataset, groups, ["cat", "dog"], _how("exact"), 1, 1).dataset, 1).empty
    aside = split(dataset, groups, ["cat", "dog"], _how("stable", "near-duplicates", validation=0.3, test=0.3), 1, 1)
    assert leakage(aside.dataset, 1).empty
    assert len(aside.aside) > 0


def test_predefined_moves_no_group_and_says_which_lie_in_several_subsets() -> None:
    rows = _sessions({label: [6] * 12 for label in ("cat", "dog")}, subset="train")
    rows += [(label, f"session {n}", f"test {label} {n} {i}", "test") for label in ("cat", "dog") for n in (0, 1, 20)
             for i in range(4)]  # fmt: skip
    divided = _divide(rows, _how("predefined", test=0))
    assert set(divided.dataset.loc[divided.dataset["subset"] == "test", "split"]) == {"test"}
    assert len(divided.dataset.loc[divided.dataset["split"] == "test"]) == 24
    sides = _sides(divided, rows)
    crossing = {name for name, where in sides.items() if len(where) > 1}
    assert crossing == {"session 0", "session 1"}
    assert sum("validation" in where for where in sides.values()) == 2  # 15 % of twelve sessions
    (note,) = divided.notes
    assert note.startswith("2 groups lie in several of the given subsets (session 0 in ")
    assert "leakage, and nothing was moved" in note


@pytest.mark.parametrize("method", ["exact", "keras", "stable"])
def test_too_few_groups_are_refused_with_class_count_and_next_steps(method: str) -> None:
    rows = _sessions({"cat": [20] * 9, "dog": [40]})
    with pytest.raises(
        BadDataset, match=r"class dog has 1 group, and a split into train, validation and test needs 3"
    ) as refused:
        _divide(rows, _how(method, "near-duplicates"))
    assert "split.group: [near-duplicates]" in str(refused.value)
    assert "split.test: 0" in str(refused.value)
    two = _sessions({"cat": [20] * 9, "dog": [20, 20]})
    with pytest.raises(BadDataset, match=r"class dog has 2 groups, and .* train, validation and test needs 3"):
        _divide(two, _how(method))


def test_what_is_cut_from_train_needs_groups_too() -> None:
    rows = _sessions({"cat": [20] * 9, "dog": [40]}, subset="train")
    with pytest.raises(BadDataset, match=r"class dog has 1 group, and a split into train, validation and test needs 3"):
        _divide(rows, _how("predefined"))


def test_groups_of_too_many_classes_are_refused_by_class() -> None:
    rows = [
        (label, group, f"{label}{group}{index}", "")
        for group, labels in (("x", "ab"), ("y", "bc"), ("z", "ca"))
        for label in labels
        for index in range(9)
    ]
    with pytest.raises(
        BadDataset, match=r"split\.validation: no choice of whole groups was found .* \(split\.group: \[\]\)"
    ):
        _divide(rows, _how("exact", test=0))


def test_a_draw_by_names_that_leaves_a_side_empty_says_what_chooses_by_size() -> None:
    for seed in range(200):
        rows = [
            (label, f"{label}{seed}{number}", f"{label}{seed}{number}{index}", "")
            for label in "ab"
            for number in range(3)
            for index in range(5)
        ]
        try:
            _divide(rows, _how("stable"))
        except BadDataset as refused:
            assert "split.method: exact" in str(refused)
            assert "split.group: []" in str(refused)
            return
    raise AssertionError("three groups of each class were enough for 200 draws")


def test_without_groups_folder_changes_nothing_and_it_is_said() -> None:
    rows = _sessions({label: [] for label in ("cat", "dog")}, alone=60)
    for method in METHODS:
        found = _divide(rows, _how(method))
        plain = _divide(rows, Split(method=method, group=(), validation=0.15, test=0.15))
        pd.testing.assert_frame_equal(found.dataset, plain.dataset)
        assert found.notes == [
            "split.group holds folder, but no image lies in a folder inside its class: there are no groups to keep"
        ]
        assert plain.notes == []
