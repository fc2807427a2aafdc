"""evergreen.diagnosing.diagnosis: wrong labels are found first, what cannot be judged is said, and nothing crashes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evergreen.diagnosing.diagnosis import LEAST_ANSWERED, Labelled, Seen, diagnosis
from evergreen.diagnosing.suspects import COLUMNS

CLASSES = ["cat", "dog", "owl"]


def _labelled(each: int = 30, wrong: int = 3, classes: int = 3) -> tuple[Labelled, dict[str, np.ndarray]]:
    """Return a dataset whose first images are labelled wrong, and what its images are compared by, by path."""
    rng = np.random.default_rng(0)
    truth = np.arange(each * classes) % classes
    labels = truth.copy()
    labels[:wrong] = (labels[:wrong] + 1) % classes
    table = pd.DataFrame({
        "path": [f"{number:03}.png" for number in range(len(truth))],
        "label": [CLASSES[label] for label in labels],
        "sha256": [f"{number:064x}" for number in range(len(truth))],
        "pixels": [f"{number:064x}" for number in range(len(truth))],
        "phash": "",
        "split": np.where(np.arange(len(truth)) % 5 == 4, "test", "train"),
    })  # fmt: skip
    features = rng.normal(size=(len(truth), 12)) + 3 * np.eye(12)[truth]
    none = table.head(0)
    given = Labelled(table, none, none.assign(group=[]), none.assign(reason=[]), 3)
    return given, dict(zip(table["path"], features.astype(np.float32), strict=True))


def _found(given: Labelled, features: dict[str, np.ndarray], **how: Any) -> Any:
    def see(table: pd.DataFrame) -> Seen:
        return Seen(np.stack([features[path] for path in table["path"]]), "numbers", **how)

    return diagnosis(given, CLASSES, given.dataset, see)


def test_wrong_labels_come_first_with_the_right_class_and_equal_inputs_give_equal_tables() -> None:
    given, features = _labelled()
    found = _found(given, features, notes=("a note",))
    first = found.suspects.head(3)
    assert set(first["path"]) == {"000.png", "001.png", "002.png"}
    assert first.set_index("path")["suggested"].to_dict() == {"000.png": "cat", "001.png": "dog", "002.png": "owl"}
    assert set(first["kind"]) == {"label_error"}
    facts = found.facts
    assert (facts["judged"], facts["of"], facts["by_split"]) == (90, 90, {"test": 18, "train": 72})
    assert facts["expected_share_low"] <= 3 / 90 <= facts["expected_share_high"]
    assert facts["words"].startswith("Of 90 labels about ")
    assert facts["notes"] == ["a note"]
    assert "over numbers answers" in facts["probabilities"]["words"]
    shuffled = replace(given, dataset=given.dataset.sample(frac=1, random_state=1))
    again = _found(shuffled, features, notes=("a note",))
    assert again.suspects.equals(found.suspects)
    assert again.facts == facts


def test_a_probe_that_knows_little_does_not_say_how_many_labels_are_wrong() -> None:
    given, features = _labelled()
    noise = np.random.default_rng(1).normal(size=(len(features), 12)).astype(np.float32)
    facts = _found(given, dict(zip(features, noise, strict=True))).facts
    assert facts["probabilities"]["accuracy"] < LEAST_ANSWERED
    assert facts["words"].startswith("How many of 90 labels are wrong is not known: the probe answers ")
    assert "expected 80% and more" in facts["words"]


def test_what_a_recipes_folds_said_counts_where_it_is_better() -> None:
    given, features = _labelled()
    truth = np.arange(90) % 3
    scores = np.where(np.eye(3)[truth] > 0, 0.98, 0.01).astype(np.float32)
    with_folds = replace(given, folds=(given.dataset[["path"]], scores))
    assert _found(with_folds, features).facts["probabilities"]["chosen"] == "networks of the recipe's folds"
    half = replace(given, folds=(given.dataset[["path"]].head(45), scores[:45]))
    names = [one["name"] for one in _found(half, features).facts["probabilities"]["candidates"]]
    assert "networks of the recipe's folds" not in names  # which did not judge every image


def test_a_class_with_too_few_different_images_is_left_out_and_said() -> None:
    given, features = _labelled(each=20, wrong=0)
    owls = given.dataset["label"] == "owl"
    table = given.dataset[~owls | (given.dataset["path"] < "007")].reset_index(drop=True)
    table.loc[table["label"] == "owl", "pixels"] = "f" * 64  # the same picture three times is one
    found = _found(replace(given, dataset=table, aside=table.head(2)), features)
    assert found.facts["not_judged"] == [
        "classes with fewer than 3 different images among those judged: owl (1)",
        "2 images that the split set aside",
    ]
    assert found.facts["judged"] == 40


@pytest.mark.parametrize(("each", "classes"), [(0, 3), (1, 3), (2, 3), (30, 1)])
def test_where_there_is_nothing_to_judge_it_is_said(each: int, classes: int) -> None:
    given, features = _labelled(each, 0, classes)
    found = _found(given, features)
    assert "expected two classes with 3 different images or more each, found" in found.facts["why"]
    assert (list(found.suspects.columns), len(found.suspects)) == (list(COLUMNS), 0)
    assert found.facts["words"].startswith("No label was judged: ")


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_pictures_that_are_all_alike_tell_nothing_and_crash_nothing(value: float) -> None:
    given, features = _labelled(each=4, wrong=0)
    found = _found(given, {path: np.full_like(one, value) for path, one in features.items()})
    assert found.facts["judged"] == 12
    assert "why" not in found.facts


def test_features_that_are_no_numbers_are_said() -> None:
    given, features = _labelled(each=4, wrong=0)
    found = _found(given, features | {"000.png": np.full(12, np.nan, np.float32)})
    assert found.facts["why"] == "numbers are no numbers for some images"
