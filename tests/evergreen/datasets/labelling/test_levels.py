"""evergreen.datasets.labelling.levels: the first folder is the class, unless it can be read otherwise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import asked, counts_of, files_of, labelled, many

from evergreen.datasets.labelling.doubt import Doubt
from evergreen.datasets.labelling.reading import read_folders
from evergreen.datasets.labelling.tree import text_of
from evergreen.sections.labels import Repair


@pytest.mark.parametrize(
    "folders",
    [
        {"cats/monday": 3, "cats/tuesday": 2, "dogs/monday": 4, "dogs/tuesday": 1},
        {"cats/2023": 5, "dogs/2023": 5},
        {"cats": 3, "cats/more": 2, "dogs": 5},
        {"cats/cats": 5, "dogs/dogs": 5},
        {"set/cats/front/a": 3, "set/cats/back": 2, "set/dogs/front": 1, "set/dogs/back": 4},
        {"train/cats/cam1": 2, "train/dogs/cam1": 3, "val/cats/cam1": 3, "val/dogs/cam1": 2},
    ],
)
def test_folders_inside_classes_are_groups(folders: dict[str, int]) -> None:
    found = labelled(files_of(many(folders)))
    assert counts_of(found) == {"cats": 5, "dogs": 5}
    assert any("groups of pictures" in note and "repair.level: leaf" in note for note in found.notes["note"])
    assert set(found.groups["path"]) <= set(found.dataset["path"])


def test_the_group_is_what_lies_between_the_class_and_the_file() -> None:
    found = labelled(files_of(["cat/mon/a/1.png", "cat/tue/2.png", "cat/3.png", "dog/4.png"]))
    origins = dict(zip(found.origins["path"], found.origins["origin"], strict=True))
    assert {origins[path]: group for path, group in found.groups.itertuples(index=False)} == {
        "cat/mon/a/1.png": "mon/a",
        "cat/tue/2.png": "tue",
    }


@pytest.mark.parametrize(
    ("folders", "first", "leaf"),
    [
        (
            {"animals/cat": 1, "animals/dog": 2, "vehicles/car": 3, "vehicles/bus": 4},
            {"animals": 3, "vehicles": 7},
            {"cat": 1, "dog": 2, "car": 3, "bus": 4},
        ),
        (
            {"Tomato/healthy": 1, "Tomato/early_blight": 2, "Potato/healthy": 3, "Potato/late_blight": 4},
            {"Tomato": 3, "Potato": 7},
            {"healthy": 4, "early_blight": 2, "late_blight": 4},
        ),
        ({"animals/cat": 1, "animals/dog": 2, "car": 3}, {"animals": 3, "car": 3}, {"cat": 1, "dog": 2, "car": 3}),
        ({"cats/mon": 1, "dogs/tue": 2}, {"cats": 1, "dogs": 2}, {"mon": 1, "tue": 2}),
        (
            {"original/cat": 1, "original/dog": 2, "standardized_256/cat": 3, "standardized_256/dog": 4},
            {"original": 3, "standardized_256": 7},
            {"cat": 4, "dog": 6},
        ),
        ({"fold1/a": 1, "fold1/b": 2, "fold2/a": 3, "fold2/b": 4}, {"fold1": 3, "fold2": 7}, {"a": 4, "b": 6}),
        ({"64px/cat": 1, "64px/dog": 2, "x/cat": 3, "x/dog": 4}, {"64px": 3, "x": 7}, {"cat": 4, "dog": 6}),
        ({"2022/cat": 1, "2022/dog": 2, "2023/cat": 3, "2023/dog": 4}, {"2022": 3, "2023": 7}, {"cat": 4, "dog": 6}),
        (
            {"bottle/train/good": 1, "bottle/test/good": 2, "cable/train/good": 3, "cable/test/bad": 4},
            {"bottle": 3, "cable": 7},
            {"good": 6, "bad": 4},
        ),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_asked(
    folders: dict[str, int], first: dict[str, int], leaf: dict[str, int]
) -> None:
    _, readings = asked(files_of(many(folders)))
    assert first in readings
    assert leaf in readings


def test_inner_names_under_several_outer_ones_can_be_joined() -> None:
    _, readings = asked(files_of(many({"Tomato/healthy": 1, "Tomato/blight": 2, "Potato/healthy": 3, "Potato/rot": 4})))
    assert {"Tomato healthy": 1, "Tomato blight": 2, "Potato healthy": 3, "Potato rot": 4} in readings


@pytest.mark.parametrize(
    ("declared", "expected"),
    [(("healthy", "early_blight", "late_blight"), {"healthy": 4, "early_blight": 2, "late_blight": 4}),
     (("Potato", "Tomato"), {"Tomato": 3, "Potato": 7})],
)  # fmt: skip
def test_declared_classes_decide_the_level(declared: tuple[str, ...], expected: dict[str, int]) -> None:
    files = files_of(
        many({"Tomato/healthy": 1, "Tomato/early_blight": 2, "Potato/healthy": 3, "Potato/late_blight": 4})
    )
    assert counts_of(labelled(files, Repair(classes=declared))) == expected


@pytest.mark.parametrize(
    ("level", "expected"),
    [("first", {"a": 3, "d": 4}), (2, {"b": 3, "e": 4}), ("leaf", {"c": 3, "f": 4}), (3, {"c": 3, "f": 4})],
)
def test_the_recipe_may_name_the_level(level: object, expected: dict[str, int]) -> None:
    files = files_of(many({"a/b/c": 3, "d/e/f": 4}))
    assert counts_of(labelled(files, Repair.model_validate({"level": level}))) == expected


def test_images_above_the_level_are_asked_about() -> None:
    text, readings = asked(files_of(many({"cat": 2, "cat/x": 3, "dog/y": 4})), Repair(level=2))
    assert "2 images lie above it, in 'cat'" in text
    assert {"cat": 5, "dog": 4} in readings


NAMES = st.sampled_from(["cat", "dog", "cow", "fox", "owl"])
GROUPS = st.sampled_from(["g1x", "g2x", "g3x"])


@settings(deadline=None)
@given(st.dictionaries(st.tuples(NAMES, GROUPS), st.integers(1, 3), min_size=1), st.sampled_from(["", "data/", "a/b/"]))
def test_nesting_and_wrapping_never_move_an_image_to_another_class_silently(
    counts: dict[tuple[str, str], int], wrapper: str
) -> None:
    """Either every image keeps its first folder as its class, or somebody is asked."""
    folders = {f"{wrapper}{name}/{group}": count for (name, group), count in counts.items()}
    try:
        found = read_folders(folders, lambda folder: {text_of(folder): text_of(folder)}, Repair())
    except Doubt as doubt:
        assert len(doubt.readings) > 1
        return
    one = len({name for name, _ in counts}) == 1  # then the dataset begins inside it
    for row in found.folders:
        assert row.label == row.folder.removeprefix(wrapper).split("/")[1 if one else 0]
    assert sum(row.count for row in found.folders) == sum(counts.values())
