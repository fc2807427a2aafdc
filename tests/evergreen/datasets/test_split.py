"""evergreen.datasets.split: exact counts, sides that stay, and equal pixels on one side."""

import hashlib
import random

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.datasets.screen import near_duplicates
from evergreen.datasets.split import Divided, leakage, split
from evergreen.errors import BadDataset
from evergreen.sections.split import Split
from evergreen.tables import to_csv

EXACT = Split(method="exact", validation=0.15, test=0.15)
STABLE = Split(method="stable", validation=0.15, test=0.15)
KERAS = Split(method="keras", validation=0.4, test=0)
PREDEFINED = Split(method="predefined", validation=0.2, test=0)
NO_GROUPS = pd.DataFrame({"path": [], "group": []}, dtype=str)
FAR = 0xFFFF_FFFF_FFFF_FFFF // 65537

PINNED = ["ea6ba1e4634de39d", "70101a90e7e5888a", "b62f6a6170aa5d85", "8fe04efa6cb460d5", "3379b416831b899d"]


def _row(path: str, label: str, pixels: str, subset: str = "", phash: int | None = None) -> tuple:
    hashed = (
        np.random.default_rng(sum(pixels.encode()) * 7919 + len(pixels)).integers(0, 2**63) if phash is None else phash
    )
    return path, label, pixels, subset, f"{int(hashed):016x}"


def _frame(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["path", "label", "pixels", "subset", "phash"])


def _table(counts: dict[str, int], repeats: int = 0, subset: str = "") -> pd.DataFrame:
    rows = [
        _row(f"{label}/{n:05d}", label, f"{subset}{label}{n}", subset)
        for label, count in counts.items()
        for n in range(count)
    ]
    rows += [
        _row(f"{label}/again{n}", label, f"{subset}{label}{n}", subset)
        for label, count in counts.items()
        for n in range(min(repeats, count))
    ]
    return _frame(rows)


def _split(table: pd.DataFrame, how: Split, seed: int = 1, bits: int = 0) -> Divided:
    if how.method == "predefined":
        table = table.assign(subset=table["subset"].replace("", "train"))
    return split(table, NO_GROUPS, sorted(set(table["label"]) - {""}), how, seed, bits)


def _counts(divided: Divided) -> dict[str, int]:
    return divided.dataset["split"].value_counts().to_dict()


def _sides(divided: Divided) -> dict[str, str]:
    return dict(zip(divided.dataset["path"], divided.dataset["split"], strict=True))


# -- all methods -------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from("abcde"), st.integers(20, 80), min_size=2),
    repeats=st.integers(0, 10),
    seed=st.integers(0, 2**31 - 1),
    how=st.sampled_from([EXACT, STABLE, KERAS, PREDEFINED, Split(method="keras", validation=0.2, test=0.2)]),
    bits=st.sampled_from([0, 3]),
)
def test_nothing_is_lost_nothing_leaks_no_order_counts(
    counts: dict[str, int], repeats: int, seed: int, how: Split, bits: int
) -> None:
    table = _table(counts, repeats)
    table.loc[len(table)] = _row("unlabelled/1", "", "u1", "unlabelled")
    divided = _split(table, how, seed, bits)
    used, aside = divided.dataset, divided.aside
    assert sorted([*used["path"], *aside["path"], *divided.unlabelled["path"]]) == sorted(table["path"])
    assert list(divided.unlabelled["path"]) == ["unlabelled/1"]
    assert (used.groupby("pixels")["split"].nunique() == 1).all()
    assert not set(used["pixels"]) & set(aside["pixels"])
    assert set(used.loc[used["split"] == "train", "label"]) == set(counts)
    assert set(used["split"]) <= {"train", "validation", "test"}
    again = _split(table.sample(frac=1, random_state=seed), how, seed, bits)
    pd.testing.assert_frame_equal(again.dataset, used)
    pd.testing.assert_frame_equal(again.aside, aside)


@pytest.mark.parametrize("how", [EXACT, STABLE, KERAS, PREDEFINED])
def test_one_class_none_and_a_class_without_images_are_refused(how: Split) -> None:
    with pytest.raises(BadDataset, match="at least two classes, received a"):
        split(_table({"a": 50}), NO_GROUPS, ["a"], how, 1, 0)
    with pytest.raises(BadDataset, match="every one was quarantined"):
        split(_table({}), NO_GROUPS, ["a", "b"], how, 1, 0)
    with pytest.raises(BadDataset, match="c has 0"):
        split(_table({"a": 50, "b": 50}), NO_GROUPS, ["a", "b", "c"], how, 1, 0)


@pytest.mark.parametrize("how", [EXACT, STABLE])
def test_too_few_images_are_refused_with_class_and_count(how: Split) -> None:
    with pytest.raises(BadDataset, match="at least 3 different images of each class; b has 2"):
        _split(_table({"a": 50, "b": 2}, repeats=2), how)


def test_a_class_with_too_few_groups_of_near_duplicates_is_refused_by_name() -> None:
    alike = [_row(f"b/{n}", "b", f"b{n}", phash=FAR) for n in range(9)]
    table = pd.concat([_table({"a": 50, "c": 40}), _frame(alike)], ignore_index=True)
    grouped = EXACT.model_copy(update={"group": ("near-duplicates",)})
    with pytest.raises(
        BadDataset,
        match=r"train, validation and test needs at least 3 .* together count as one\) of each class; b has 1: add",
    ):
        _split(table, grouped, bits=2)
    assert _counts(_split(table, EXACT, bits=2))["train"] > 50  # nine different images, if they are not one


def test_a_class_of_which_the_first_cut_leaves_too_few_is_refused_by_name() -> None:
    how = Split(method="exact", validation=0.1, test=0.6)
    with pytest.raises(
        BadDataset, match=r"split\.validation, cut from 21 images .*, needs at least 2 of each class; b has 1: add"
    ):
        _split(_table({"a": 50, "b": 3}), how)


@pytest.mark.parametrize("name", ["validation", "test"])
def test_a_class_with_one_training_image_is_refused_where_train_is_cut(name: str) -> None:
    table = _table({"a": 30, "b": 1, "c": 30}, subset="train")
    table["path"] = "train/" + table["path"]
    how = Split(method="predefined", **({"validation": 0.0, "test": 0.0} | {name: 0.2}))
    with pytest.raises(
        BadDataset, match=rf"split\.{name}, cut from 61 images .*, needs at least 2 of each class; b has 1: add"
    ):
        _split(table, how)


def test_folders_without_training_images_are_refused_by_class() -> None:
    with pytest.raises(BadDataset, match="train has no image of a, b"):
        _split(_table({"a": 30, "b": 30}, subset="test"), PREDEFINED)


@pytest.mark.parametrize("share", [0.05, 0.15, 0.33])
@pytest.mark.parametrize("method", ["exact", "predefined"])
def test_sizes_of_cuts_are_the_nearest_whole_numbers(method: str, share: float) -> None:
    for count in (55, 56, 57, 58):
        table = _table({"a": count, "b": count + 1}, subset="train")
        counts = _counts(_split(table, Split(method=method, validation=share, test=share)))
        nearest = round(share * (2 * count + 1))
        assert counts == {"train": 2 * count + 1 - 2 * nearest, "validation": nearest, "test": nearest}


def test_a_side_that_would_lack_a_class_is_refused() -> None:
    with pytest.raises(BadDataset, match="each side needs at least one of each of the 2 classes"):
        _split(_table({"a": 4, "b": 4}), EXACT)
    with pytest.raises(BadDataset, match="validation has no image"):
        _split(_table({"a": 40, "b": 40}), Split(method="keras", validation=0, test=0.2))


# -- exact -------------------------------------------------------------------------------------------------------------


def test_exact_counts_and_shares() -> None:
    divided = _split(_table({"a": 700, "b": 300}), EXACT)
    assert _counts(divided) == {"train": 700, "validation": 150, "test": 150}
    shares = divided.dataset.groupby("split")["label"].value_counts(normalize=True).unstack()["a"]
    assert shares.tolist() == pytest.approx([0.7] * 3)
    assert _sides(_split(_table({"a": 700, "b": 300}), EXACT, seed=2)) != _sides(divided)


def test_near_duplicates_go_together_on_request() -> None:
    rows = [
        _row(f"{label}/{n}", label, f"{label}{n}", phash=(n // 4) * FAR % 2**64) for label in "ab" for n in range(200)
    ]
    how = Split(method="exact", validation=0.2, test=0.2, group=("near-duplicates",))
    divided = _split(_frame(rows), how, bits=2)
    assert (divided.dataset.groupby("phash")["split"].nunique() == 1).all()
    assert leakage(divided.dataset, 2).empty
    assert len(leakage(_split(_frame(rows), EXACT, bits=2).dataset, 2)) > 20


# -- keras -------------------------------------------------------------------------------------------------------------


def test_keras_gives_rockpaperscissors_exactly_1314_and_874() -> None:
    divided = _split(_table({"paper": 712, "rock": 726, "scissors": 750}), KERAS)
    assert _counts(divided) == {"train": 1314, "validation": 874}
    assert divided.dataset.groupby(["label", "split"]).size()[:, "validation"].to_dict() == {
        "paper": 284, "rock": 290, "scissors": 300,
    }  # fmt: skip
    first = divided.dataset[divided.dataset["split"] == "validation"].groupby("label")["path"].max()
    assert first["rock"] == "rock/00289"  # the first files, as Keras takes them


def test_keras_counts_stay_exact_with_copies() -> None:
    divided = _split(_table({"paper": 712, "rock": 726, "scissors": 750}, repeats=100), KERAS)
    assert _counts(divided) == {"train": 488 + 496 + 510, "validation": 324 + 330 + 340}


def test_keras_is_what_image_data_generator_does(tmp_path) -> None:
    import keras
    from PIL import Image

    table = _table({"a": 13, "b": 7})
    for path, label in zip(table["path"], table["label"], strict=True):
        (tmp_path / label).mkdir(exist_ok=True)
        Image.new("RGB", (2, 2)).save(tmp_path / f"{path}.png")
    generator = keras.src.legacy.preprocessing.image.ImageDataGenerator(validation_split=0.4)
    flow = generator.flow_from_directory(str(tmp_path), subset="validation", batch_size=1)
    expected = {name.removesuffix(".png") for name in flow.filenames}
    sides = _sides(_split(table, KERAS))
    assert {path for path, side in sides.items() if side == "validation"} == expected


# -- stable ------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(before=st.integers(60, 200), more=st.integers(0, 200), gone=st.integers(0, 30), seed=st.integers(0, 1000))
def test_no_image_ever_changes_sides(before: int, more: int, gone: int, seed: int) -> None:
    everything = _table({"a": before + more, "b": before + more})
    old = everything[everything["path"].str[2:].astype(int) < before]
    new = everything[everything["path"].str[2:].astype(int) >= gone].sample(frac=1, random_state=seed)
    first, second = _sides(_split(old, STABLE, seed)), _sides(_split(new, STABLE, seed + 1))
    assert {path: second[path] for path in first if path in second} == {
        path: side for path, side in first.items() if path in second
    }


def test_stable_shares_are_about_right() -> None:
    counts = _counts(_split(_table({"a": 10_000, "b": 10_000}), STABLE))
    assert counts["validation"] / 20_000 == pytest.approx(0.15, abs=0.01)
    assert counts["test"] / 20_000 == pytest.approx(0.15, abs=0.01)


def _pairs() -> pd.DataFrame:
    rows = [
        _row(f"{label}/{n}", label, f"{label}{n}", phash=(n // 2) * FAR % 2**64) for label in "ab" for n in range(300)
    ]
    return _frame(rows)


def test_stable_sets_near_duplicates_of_judged_images_aside_and_moves_none() -> None:
    table = _pairs()
    plain = _split(table, STABLE.model_copy(update={"group": ()}), bits=2)
    grouped = _split(table, STABLE, bits=2)
    assert leakage(grouped.dataset, 2).empty
    assert not leakage(plain.dataset, 2).empty
    assert plain.aside.empty
    assert len(grouped.aside) > 10
    assert set(grouped.aside["split"]) <= {"train", "validation"}
    assert grouped.aside["reason"].str.startswith("a near-duplicate of ").all()
    sides = _sides(plain)
    assert all(sides[path] == side for path, side in _sides(grouped).items())


def test_tables_are_those_that_comparing_every_pair_gave() -> None:
    """The digests are of what was written before near-duplicates were searched by blocks (e58ea6c)."""
    draw = random.Random(5)
    bases = [draw.getrandbits(64) for _ in range(60)]
    rows = []
    for number in range(600):
        hashed = draw.choice(bases)
        for _ in range(draw.randrange(4)):
            hashed ^= 1 << draw.randrange(64)
        label = "ab"[number % 2]
        rows.append(_row(f"{label}/{number:03d}", label, f"{draw.getrandbits(128):032x}", phash=hashed))
    table = _frame(rows)
    table.loc[::50, "phash"] = ""  # plain pictures
    plain, grouped = (_split(table, STABLE.model_copy(update={"group": group}), bits=3) for group in ((), None))
    exact = _split(table, EXACT.model_copy(update={"group": ("near-duplicates",)}), bits=3)
    tables = (near_duplicates(table, 3), leakage(plain.dataset, 3), grouped.dataset, grouped.aside, exact.dataset)
    assert [hashlib.sha256(to_csv(one)).hexdigest()[:16] for one in tables] == PINNED


def test_a_new_near_duplicate_moves_nobody() -> None:
    table = _pairs()
    odd = table[table["path"].str.rpartition("/")[2].astype(int) % 2 == 0]
    first, second = _sides(_split(odd, STABLE, bits=2)), _sides(_split(table, STABLE, bits=2))
    assert all(second.get(path, side) == side for path, side in first.items())


# -- predefined --------------------------------------------------------------------------------------------------------


def test_cifar10_gives_40000_10000_10000() -> None:
    classes = dict.fromkeys("abcdefghij", 5000)
    table = pd.concat([_table(classes, subset="train"), _table(dict.fromkeys(classes, 1000), subset="test")])
    table["path"] = table["subset"] + "/" + table["path"]
    divided = _split(table, PREDEFINED)
    assert _counts(divided) == {"train": 40_000, "validation": 10_000, "test": 10_000}
    assert set(divided.dataset.loc[divided.dataset["subset"] == "test", "split"]) == {"test"}
    assert set(divided.dataset.groupby(["label", "split"]).size()[:, "validation"]) == {1000}


def test_tsel_keeps_its_validation_and_cuts_a_test() -> None:
    table = pd.concat([_table({"a": 90, "b": 60}, subset="train"), _table({"a": 5, "b": 5}, subset="validation")])
    table["path"] = table["subset"] + "/" + table["path"]
    divided = _split(table, Split(method="predefined", validation=0, test=0.1))
    assert _counts(divided) == {"train": 135, "validation": 10, "test": 15}


def test_a_copy_in_two_subsets_goes_to_the_judging_one() -> None:
    table = pd.concat([_table({"a": 30, "b": 30}, subset="train"), _table({"a": 9, "b": 9}, subset="test")])
    table["path"] = table["subset"] + "/" + table["path"]
    table.loc[len(table) + 100] = _row("train/a/copy", "a", "testa3", "train")
    assert _sides(_split(table, PREDEFINED))["train/a/copy"] == "test"


def test_predefined_without_a_subset_is_refused_with_what_there_is() -> None:
    with pytest.raises(BadDataset, match=r"found none \(class, images\):\n  a/  9\n  b/  5\nSay which .*repair\.sub"):
        split(_table({"a": 9, "b": 5}), NO_GROUPS, ["a", "b"], PREDEFINED, 1, 0)


# -- words -------------------------------------------------------------------------------------------------------------


def test_a_class_that_is_too_small_can_be_left_out_by_the_line_that_is_named() -> None:
    with pytest.raises(BadDataset) as refused:
        _split(_table({"a": 30, "b": 30, "no": 1, "x, [y]": 2}), EXACT)
    told = str(refused.value)
    assert "no has 1, x, [y] has 2: add images of it, leave them out (repair.leave_out: " in told
    line = told.partition("(repair.leave_out: ")[2].rpartition(")")[0]
    assert yaml.safe_load(line) == ["no", "x, [y]"]
    with pytest.raises(BadDataset) as refused:
        _split(_table({"a": 30, "no": 1}), EXACT)
    assert "leave_out" not in str(refused.value)  # a class alone would be refused, too
