"""evergreen.datasets.labelling.reading: the rules in their order, on folders as people have them."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from made_tables import asked, counts_of, files_of, labelled, many

from evergreen.datasets.labelling.names import key
from evergreen.errors import BadDataset
from evergreen.sections.labels import Repair


@pytest.mark.parametrize("wrapper", ["", "data/", "my photos/2024/all/"])
@pytest.mark.parametrize(
    "junk", [[], ["__MACOSX/._x", ".ipynb_checkpoints/1.png", "@eaDir/cat/1.png", "cat/.ipynb_checkpoints/1.png"]]
)
def test_wrappers_and_hidden_folders_change_nothing(wrapper: str, junk: list[str]) -> None:
    paths = many({f"{wrapper}cat": 2, f"{wrapper}dog": 3})
    found = labelled(files_of([*paths, *(wrapper + path for path in junk)]))
    assert counts_of(found) == {"cat": 2, "dog": 3}
    assert found.dropped["count"].sum() == len(junk)
    assert any("begins in the folder" in note for note in found.notes["note"]) == bool(wrapper)


def test_the_dataset_begins_over_the_union_of_all_archives() -> None:
    files = files_of([*many({"images/cat": 2, "images/dog": 2}), *many({"validation/cat": 1, "validation/dog": 1})])
    files["archive"] = ["images.zip"] * 4 + ["validation.zip"] * 2
    assert labelled(files).dataset.groupby(["subset", "label"]).size().to_dict() == {
        ("train", "cat"): 2, ("train", "dog"): 2, ("validation", "cat"): 1, ("validation", "dog"): 1,
    }  # fmt: skip


def test_a_declared_class_is_never_peeled_nor_is_a_subset() -> None:
    assert counts_of(labelled(files_of(many({"data/cat/x": 3})), Repair(classes=("cat", "dog")))) == {"cat": 3}
    assert set(labelled(files_of(many({"data/train/cat": 1, "data/train/dog": 1}))).dataset["subset"]) == {"train"}


def test_images_outside_any_folder_are_dropped_and_counted() -> None:
    found = labelled(files_of(["1.png", *many({"cat": 2, "dog": 2})]))
    assert found.dropped.to_dict("records") == [{"reason": "outside any folder", "count": 1}]
    assert len(found.dataset) == 4


@pytest.mark.parametrize("pattern", ["rare", "data/rare", "r?re", "ra*", "[r]are", "RARE".lower()])
def test_folders_are_left_out_by_name_path_or_wildcard_which_is_said(pattern: str) -> None:
    found = labelled(files_of(many({"data/cat": 2, "data/dog": 2, "data/rare/x": 1})), Repair(leave_out=(pattern,)))
    assert counts_of(found) == {"cat": 2, "dog": 2}
    row = found.renames[found.renames["folder"] == "data/rare/x"].iloc[0]
    assert (row["what"], row["why"], row["count"]) == ("left out", f"repair.leave_out: {pattern}", 1)


def test_what_the_recipe_names_and_nobody_is_called_is_said() -> None:
    settings = Repair(leave_out=("nobody",), rename={"nothing": "cat", "a/nowhere": "cat"})
    notes = list(labelled(files_of(many({"cat": 2, "dog": 2})), settings).notes["note"])
    assert notes == [
        "repair.leave_out: no folder is called 'nobody'",
        "repair.rename: no class folder is called 'nothing'",
        "repair.rename: no class folder is called 'a/nowhere'",
    ]


CLASSES = ("cat", "dog", "hot dog", "fox")
WAYS = st.lists(
    st.sampled_from(["wrap", "respell", "hide", "copy all", "copy some", "regroup", "train"]), max_size=4, unique=True
)


@how(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(CLASSES), st.integers(1, 3), min_size=2), WAYS, st.booleans())
def test_no_image_changes_its_class_without_a_word(counts: dict[str, int], ways: list[str], declared: bool) -> None:
    """Renamed, nested, wrapped or copied: every image keeps its class, or somebody is asked."""
    truth = {path: path.split("/")[0] for path in many(counts)}  # content -> class
    files = {path: path for path in truth}  # path -> content
    for way in ways:
        files = _changed(files, way)
    table = pd.DataFrame(
        [(path, content, 1) for path, content in sorted(files.items())], columns=["path", "sha256", "bytes"]
    )
    try:
        found = labelled(table, Repair(classes=tuple(counts) if declared else ()))
    except BadDataset as error:
        assert "It can be read as follows" in str(error)
        return
    for label, content in zip(found.dataset["label"], found.dataset["sha256"], strict=True):
        if content in truth:
            assert key(label) == key(truth[content])
    assert set(truth) <= set(found.dataset["sha256"])


def _changed(files: dict[str, str], way: str) -> dict[str, str]:
    """Return files, path -> content, as somebody may have changed a folder of classes."""
    if way == "wrap":
        return {f"my data/{path}": content for path, content in files.items()}
    if way == "train":
        return {f"train/{path}": content for path, content in files.items()}
    if way == "respell":
        return {path.replace("hot dog", "Hot_Dog").replace("cat", "CAT"): content for path, content in files.items()}
    if way == "hide":
        return files | {f".ipynb_checkpoints/{path}": f"hidden {content}" for path, content in files.items()}
    if way == "copy all":
        return files | {f"all of it/{path}": content for path, content in files.items()}
    if way == "copy some":
        return files | {f"again/{path}": content for path, content in files.items() if "cat" in path.lower()}
    return {path.replace("/0", f"/day {len(path) % 2}/0"): content for path, content in files.items()}


def test_intel_as_it_is() -> None:
    classes = ("forest", "sea", "street")
    counts = {f"{a}/{a}/{label}": 2 for a in ("seg_train", "seg_test") for label in classes} | {"seg_pred/seg_pred": 5}
    found = labelled(files_of(many(counts)))
    assert found.dataset.groupby("subset").size().to_dict() == {"train": 6, "test": 6, "unlabelled": 5}
    assert found.classes == list(classes)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (
            {"asl_train/asl_train/A": 3, "asl_train/asl_train/B": 3, "asl_test/asl_test": 2},
            {("train", "A"): 3, ("train", "B"): 3, ("unlabelled", ""): 2},
        ),
        ({"chest/train/no": 2, "chest/train/yes": 2, "chest/test/no": 1, "chest/test/yes": 1},
         {("train", "no"): 2, ("train", "yes"): 2, ("test", "no"): 1, ("test", "yes"): 1}),
        ({"2750/Forest": 2, "2750/River": 2}, {("", "Forest"): 2, ("", "River"): 2}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("twice", ["", "{root}/{root}/", "backup/{root}/"])
def test_archives_as_they_are_published_also_where_they_hold_themselves_twice(
    counts: dict[str, int], expected: dict[tuple[str, str], int], twice: str
) -> None:
    paths = many(counts)
    root = paths[0].split("/")[0]
    table = files_of(paths)
    if twice and len({path.split("/")[0] for path in paths}) == 1:
        inside = twice.format(root=root)
        again = table.assign(path=[inside + path.removeprefix(f"{root}/") for path in table["path"]])
        table = pd.concat([table, again], ignore_index=True)
    assert labelled(table).dataset.groupby(["subset", "label"]).size().to_dict() == expected


def test_variants_of_all_pictures_are_asked() -> None:
    counts = {f"{kind}/{name}": 2 for kind in ("color", "grayscale", "segmented") for name in ("a", "b")}
    _, readings = asked(files_of(many(counts)))
    assert {"a": 6, "b": 6} in readings and {"color": 4, "grayscale": 4, "segmented": 4} in readings


def test_a_file_without_a_suffix_that_is_no_image_counts_in_a_class_folder_alone() -> None:
    table = files_of([*many({"images/cat": 2, "images/dog": 2}), "images/cat/pointer", "notes/cat/1", "LICENSE"])
    table.loc[table["path"].str.contains("pointer|notes|LICENSE"), "kind"] = "a Git LFS pointer"
    found = labelled(table)
    assert counts_of(found) == {"cat": 3, "dog": 2}
    assert found.dropped.to_dict("records") == [{"reason": "not an image: a Git LFS pointer", "count": 2}]
    assert list(found.notes["note"]) == [
        "the dataset begins in the folder 'images'",
        "1 of 3 files in 'images/cat' are no images and quarantined: 1 Git LFS pointer",
    ]


def test_a_reading_that_is_pasted_keeps_what_the_recipe_said_before() -> None:
    settings = Repair(classes=("cat", "dog"), leave_out=("old",), rename={"kitty": "cat"})
    asked(files_of(many({"kitty": 1, "dog": 2, "old": 3, "zebra": 4})), settings)


def test_a_class_that_begins_with_a_dot_can_be_declared() -> None:
    paths = many({".net": 2, "java": 3, ".cache": 1})
    assert counts_of(labelled(files_of(paths), Repair(classes=(".net", "java")))) == {".net": 2, "java": 3}


# -- found by a review of the rules, each once silently wrong, without a way on, or a traceback ------------------------


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"-1": 3, "0": 2, "1": 4}, {"-1": 3, "0": 2, "1": 4}),
        ({"A": 4, "A-": 3, "B": 2, "B-": 1}, {"A": 4, "A-": 3, "B": 2, "B-": 1}),
        ({"temp 5": 2, "temp -5": 3}, {"temp 5": 2, "temp -5": 3}),
        ({"dataset": 1, "dataset/cat": 5, "dataset/dog": 5}, {"cat": 5, "dog": 5}),
        ({"train/cat": 5, "train/dog": 5, "test/classify": 20}, {"cat": 5, "dog": 5}),
        ({"product_12/front": 2, "product_12/back": 2, "product_13/front": 3, "product_13/back": 3},
         {"product_12": 4, "product_13": 6}),
        ({"10/a": 2, "20/a": 3}, {"10": 2, "20": 3}),
        ({"./cat": 2, "dog//x": 3, "dog": 1}, {"cat": 2, "dog": 4}),
    ],
)  # fmt: skip
def test_what_is_certain_is_not_asked_and_not_merged(counts: dict[str, int], expected: dict[str, int]) -> None:
    paths = [path.replace("./", "").replace("//", "/") for path in many(counts)]
    assert counts_of(labelled(files_of(paths))) == expected


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ({"w/w/cat": 2, "w/w/dog": 3, "docs": 1}, {"cat": 2, "dog": 3, "docs": 1}),
        ({"r/r/rock": 2, "r/r/paper": 2, "t/t/rock": 1, "t/t/paper": 1}, {"rock": 3, "paper": 3}),
        ({"T 1/G/cat": 2, "T 1/G/dog": 3, "T 2/G/cat": 1, "T 2/G/dog": 1}, {"cat": 3, "dog": 4}),
        ({"train_v1/cat": 2, "train_v1/dog": 2, "test_v2/cat": 1, "test_v2/dog": 1}, {"cat": 3, "dog": 3}),
        ({"Dataset 1/cat": 2, "Dataset 1/dog": 2, "Dataset 2/cat": 1, "Dataset 2/dog": 1}, {"cat": 3, "dog": 3}),
        ({"person1/happy": 2, "person1/sad": 2, "person2/happy": 1, "person2/sad": 1}, {"happy": 3, "sad": 3}),
        ({"train/a": 2, "train/b": 2, "test1": 3}, {"a": 2, "b": 2}),
        ({"Cat": 2, "cat": 1, "dog": 2, "train": 3}, {"Cat": 3, "dog": 2, "train": 3}),
        ({"A": 2, "B": 2, "a": 1, "b": 1}, {"a": 3, "b": 3}),
        ({"cat\x7f/x": 2, "cat\x7f/y": 2, "dog/z": 3}, {"cat\x7f": 4, "dog": 3}),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_and_one_of_the_lines_is_right(
    counts: dict[str, int], wanted: dict[str, int]
) -> None:
    _, readings = asked(files_of(many(counts)))
    assert wanted in readings, readings


def test_a_class_called_train_in_every_subset_can_be_read() -> None:
    table = files_of(many({"train/bus": 3, "train/train": 4, "test/bus": 1, "test/train": 2}))
    for settings in (Repair(classes=("bus", "train")), Repair(subsets={"train": "train", "test": "test"})):
        found = labelled(table, settings).dataset.groupby(["subset", "label"]).size().to_dict()
        assert found == {("train", "bus"): 3, ("train", "train"): 4, ("test", "bus"): 1, ("test", "train"): 2}


def test_a_test_that_equals_train_is_asked_about() -> None:
    train = files_of(many({"train/a": 2, "train/b": 3}))
    table = pd.concat([train, train.assign(path=train["path"].str.replace("train", "test"))], ignore_index=True)
    text, readings = asked(table)
    assert "hold the same files: a model would be judged by what it has learned" in text
    assert readings == [{"a": 2, "b": 3}, {"a": 2, "b": 3}]


def test_declared_classes_with_equal_folders_stay_two() -> None:
    cats = files_of(many({"cat/a": 2, "cat/b": 3}))
    table = pd.concat([cats, cats.assign(path=cats["path"].str.replace("cat", "dog"))], ignore_index=True)
    assert counts_of(labelled(table, Repair(classes=("cat", "dog")))) == {"cat": 5, "dog": 5}


@pytest.mark.parametrize(
    ("counts", "rename", "expected"),
    [
        ({"kitty/x": 5, "cat": 10, "dog": 9}, {"kitty/x": "Cat"}, {"cat": 15, "dog": 9}),
        ({"train/cat": 5, "train/dog": 5, "test/kitty": 2}, {"test/kitty": "Lion"}, {"cat": 5, "dog": 5, "Lion": 2}),
        ({"kitty/2023": 5, "kitty/2024": 5}, {"kitty": "cat"}, {"cat": 10}),
        ({"x/a/b": 2, "y/a/b": 3, "zoo": 1}, {"a/b": "Zed", "x/a/b": "Yak"}, {"Yak": 2, "Zed": 3, "zoo": 1}),
    ],
)
def test_a_renamed_folder_has_a_class_that_there_is(
    counts: dict[str, int], rename: dict[str, str], expected: dict[str, int]
) -> None:
    found = labelled(files_of(many(counts)), Repair(rename=rename))
    assert sum(counts_of(found).values()) == sum(counts.values())
    assert set(counts_of(found)) <= set(found.classes)
    assert {key(name): count for name, count in counts_of(found).items()} == _by_key(expected)


def _by_key(counts: dict[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in counts.items():
        found[key(name)] = found.get(key(name), 0) + count
    return found


def test_a_rename_that_made_no_class_is_said() -> None:
    found = labelled(files_of(many({"cat/front": 2, "dog/front": 2})), Repair(rename={"front": "x"}))
    assert "repair.rename: no class folder is called 'front'" in list(found.notes["note"])


@pytest.mark.parametrize("paths", [[], ["cat/1.wav", "dog/2.wav"], ["a.txt"]])
def test_a_source_without_an_image_is_refused_in_words(paths: list[str]) -> None:
    with pytest.raises(BadDataset, match="no image in a folder"):
        labelled(files_of(paths))


def test_names_that_were_all_read_as_subsets_are_said() -> None:
    counts = dict.fromkeys(("cat_train", "cat_test", "dog_train", "dog_test"), 2)
    with pytest.raises(BadDataset, match=r"read as subsets without labels: cat_test, cat_train, dog_test, dog_train"):
        labelled(files_of(many(counts)))
    assert len(counts_of(labelled(files_of(many(counts)), Repair(classes=tuple(counts))))) == 4
