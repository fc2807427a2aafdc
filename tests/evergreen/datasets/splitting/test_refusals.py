"""evergreen.datasets.splitting.refusals: numbers, and the line that helps."""

import pandas as pd
import pytest

from evergreen.datasets.splitting.refusals import into, refuse_apart, refuse_empty, refuse_few_groups, without_folder
from evergreen.errors import BadDataset
from evergreen.sections.split import Split

HOW = Split(method="exact", group=("folder",))


def test_sides_and_lines_in_words() -> None:
    assert into(["train"]) == "a split into train"
    assert into(["train", "test"]) == "a split into train and test"
    assert without_folder(HOW) == "split.group: []"
    assert without_folder(Split(group=("folder", "near-duplicates"))) == "split.group: [near-duplicates]"


def test_every_class_with_too_few_groups_is_named_with_its_count() -> None:
    refuse_few_groups({"a": 2, "b": 3}, ["train", "test"], HOW)
    with pytest.raises(BadDataset) as refused:
        refuse_few_groups({"a": 0, "b": 1, "c": 2}, ["train", "validation"], HOW)
    said = str(refused.value)
    assert said.startswith(
        "class a has 0 groups, class b has 1 group, and a split into train and validation needs 2 of each class"
    )
    assert "split.test: 0" not in said  # two sides are the fewest


def test_classes_that_cannot_be_on_both_sides_are_named() -> None:
    refuse_apart("test", [], HOW)
    with pytest.raises(BadDataset, match=r"split\.test: .* a, c would be missing"):
        refuse_apart("test", ["a", "c"], HOW)


@pytest.mark.parametrize("by_name", [True, False])
def test_an_empty_side_is_refused_and_a_draw_by_names_says_another_way(by_name: bool) -> None:
    used = pd.DataFrame({"label": ["a", "b"], "split": ["train", "validation"]})
    for classes, said in ((["a", "b"], "train has no image of b"), (["a"], "")):
        if said:
            with pytest.raises(BadDataset, match=said) as refused:
                refuse_empty(used, classes, HOW, by_name=by_name)
            assert ("chooses them by size" in str(refused.value)) == by_name
        else:
            refuse_empty(used, classes, HOW, by_name=by_name)
    with pytest.raises(BadDataset, match="validation has no image"):
        refuse_empty(used.assign(split="train"), ["a", "b"], HOW, by_name=by_name)
