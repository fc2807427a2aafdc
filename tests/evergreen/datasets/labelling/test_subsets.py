"""evergreen.datasets.labelling.subsets: which folders stand for a subset, alone, in pairs, or by the recipe's word."""

import pytest
from made_tables import asked, files_of, labelled, many

from evergreen.datasets.labelling.doubt import Doubt
from evergreen.datasets.labelling.subsets import Subsets, words_of
from evergreen.datasets.labelling.tree import Tree, path_of
from evergreen.sections.labels import Repair


def found(*folders: str, settings: Repair | None = None) -> dict[str, tuple[str, str]]:
    tree = Tree({path_of(folder): 1 for folder in folders})
    places = Subsets(tree, settings or Repair()).places(())
    return {"/".join(place.folder): (place.subset, "/".join(place.parts)) for place in places}


@pytest.mark.parametrize(
    ("name", "subset"),
    [
        *[(name, "train") for name in ("train", "Training", " TRAIN ")],
        *[(name, "validation") for name in ("val", "valid", "Validation", "dev", "eval")],
        *[(name, "test") for name in ("test", "testing")],
        *[(name, "unlabelled") for name in ("pred", "predict", "unlabelled", "Unlabeled")],
    ],
)
def test_every_usual_name_of_a_subset_is_known(name: str, subset: str) -> None:
    assert found(f"{name}/cat", f"{name}/dog") == {f"{name}/{label}": (subset, label) for label in ("cat", "dog")}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train", "seg_test"), ("training_set", "test_set"), ("trainingSet", "testSet"), ("train2017", "val2017"),
        ("asl_alphabet_train", "asl_alphabet_test"), ("my train", "my-test"), ("TrainImages", "ValImages"),
    ],
)  # fmt: skip
def test_names_that_hold_a_word_count_beside_their_like(train: str, test: str) -> None:
    both = found(f"{train}/{train}/cat", f"{train}/{train}/dog", f"{test}/cat", f"{test}/dog")
    assert {subset for subset, _ in both.values()} == {"train", "test" if "est" in test else "validation"}
    assert {parts for _, parts in both.values()} == {"cat", "dog"}


@pytest.mark.parametrize(
    "names", [("train_station", "test_track"), ("train_station", "bus_stop"), ("seg_train", "other")]
)
def test_names_that_are_not_equal_without_their_word_are_classes(names: tuple[str, str]) -> None:
    assert found(*names) == {name: ("", name) for name in names}


def test_images_beside_a_validation_subset_is_train_and_nothing_elsewhere() -> None:
    assert found("images/cat", "validation/cat")["images/cat"] == ("train", "cat")
    assert found("images/cat", "other/cat")["images/cat"] == ("", "images/cat")


def test_inside_a_subset_there_is_no_other_and_inside_a_class_it_does_not_count_as_a_level() -> None:
    assert found("cat/train", "cat/test", "dog/train")["cat/test"] == ("test", "cat")
    assert found("train/cat/test")["train/cat/test"] == ("train", "cat/test")
    assert found("train/cat/test", settings=Repair(subsets={"cat/test": "test"}))["train/cat/test"] == ("test", "cat")


@pytest.mark.parametrize("said", [{"holdout": "test"}, {"HOLDOUT": "test"}, {"data/holdout": "test"}])
def test_the_recipe_names_a_subset_by_name_or_path(said: dict[str, str]) -> None:
    settings = Repair.model_validate({"subsets": said})
    assert found("data/holdout/cat", "data/train/cat", settings=settings)["data/holdout/cat"] == ("test", "data/cat")


def test_a_declared_class_is_no_subset() -> None:
    settings = Repair(classes=("plane", "train"))
    assert found("train", "plane", settings=settings) == {"train": ("", "train"), "plane": ("", "plane")}


@pytest.mark.parametrize(
    "folders", [("bus", "car", "train", "truck"), ("train/cat", "extra/cat"), ("seg_train", "seg_test", "sea")]
)
def test_a_subset_beside_what_is_none_is_asked(folders: tuple[str, ...]) -> None:
    with pytest.raises(Doubt):
        found(*folders)


@pytest.mark.parametrize("name", ["unlabelled", "Unlabeled", "test"])
def test_beside_declared_classes_a_subset_is_believed_and_train_is_asked_about(name: str) -> None:
    settings = Repair(classes=("cat", "dog"))
    assert found("cat", "dog", name, settings=settings)[name][1] == ""
    for others in ({}, {"settings": settings}):
        with pytest.raises(Doubt):
            found("cat", "dog", "train", **others)
    with pytest.raises(Doubt):
        found("cat", "dog", name)


def test_the_question_offers_what_a_train_beside_a_bus_may_be() -> None:
    text, readings = asked(files_of(many({"bus": 3, "car": 4, "train": 5, "truck": 6})))
    assert "'train' beside 'bus' could be a subset without labels or a class" in text
    assert readings[:2] == [{"bus": 3, "car": 4, "train": 5, "truck": 6}, {"bus": 3, "car": 4, "truck": 6}]
    said = labelled(files_of(many({"bus": 3, "train": 5, "car": 4})), Repair(subsets={"train": "unlabelled"}))
    assert (said.dataset["subset"] == "unlabelled").sum() == 5


def test_words_begin_at_capitals_digits_and_signs() -> None:
    assert words_of("trainingSet_v2 HTMLPage-x.y") == ["training", "set", "v", "2", "html", "page", "x", "y"]
