"""evergreen.release: which images are shared, and verdicts of hand-made cases."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from made_tables import table_of

from evergreen.release.judge import (
    Challenger,
    Comparison,
    judge_against,
    judge_first,
    refuse_other_classes,
    refuse_too_few,
)
from evergreen.release.shared import Shared, shared_images
from evergreen.sections.release import Gate

CLASSES = ["cat", "dog"]


def _challenger(right: str, labels: str, verified: dict[str, str] | None = None, fit: str = "good fit") -> Challenger:
    """Return a challenger; per test image whether it is right (1 or 0), and its class's first letter."""
    names = {"c": "cat", "d": "dog"}
    table = table_of({"test": [str(number) for number in range(len(labels))]})
    table["label"] = [names[letter] for letter in labels]
    other = {"cat": "dog", "dog": "cat"}
    predicted = [label if good == "1" else other[label] for label, good in zip(table["label"], right, strict=True)]
    predictions = table[["path", "label", "split"]].assign(predicted=predicted)
    return Challenger(table, CLASSES, predictions, verified or {}, fit)


def _against(champion: str, challenger: str, labels: str, **gate: Any) -> Comparison:
    """Judge by who is right on each image, all of which are shared."""
    own, theirs = _challenger(challenger, labels), _challenger(champion, labels)
    shared = Shared("test", own.dataset, len(labels), 0, 0)
    return judge_against(own, shared, list(theirs.predictions["predicted"]), Gate(**gate))


def _lost(name: str, lost: float | None) -> dict[str, Any]:
    return {"name": name, "count": 60 if lost is not None else 4, "lost": lost} | (
        {"lost_low": lost - 0.05, "lost_high": lost + 0.05} if lost is not None else {}
    )


def _failed(found: Comparison) -> list[str]:
    return [check.text for check in found.checks if not check.passed]


def test_better_is_promoted_with_its_numbers() -> None:
    found = _against("1100110000", "1111110000", "cccccddddd")
    assert (found.verdict, _failed(found)) == ("promote", [])
    assert "accuracy 60.00% against the champion's 40.00% on 10 shared images (+20.00 points" in found.summary
    assert found.overall
    assert (found.overall.champion, found.overall.challenger, found.overall.gain) == (0.4, 0.6, 0.2)
    assert {label: (both.count, both.gain) for label, both in found.classes.items()} == {"cat": (5, 0.4), "dog": (5, 0)}
    assert found.mcnemar
    assert (found.mcnemar.only_champion, found.mcnemar.only_challenger, found.mcnemar.p_value) == (0, 2, 0.5)


def test_better_overall_and_worse_on_one_class_is_rejected_where_the_gate_says_so() -> None:
    champion, challenger, labels = "1000011111", "1111111110", "cccccddddd"
    assert _against(champion, challenger, labels).verdict == "promote"
    assert _against(champion, challenger, labels, max_class_drop=0.2).verdict == "promote"
    found = _against(champion, challenger, labels, max_class_drop=0.19)
    assert found.verdict == "rejected"
    assert found.summary == _failed(found)[0]
    assert found.summary.startswith("recall of dog -20.00 points on 5 shared images")


@pytest.mark.parametrize(
    ("most", "verdict"), [(None, "promote"), (0.3, "promote"), (0.29, "rejected"), (0, "rejected")]
)
def test_a_model_that_leans_on_something_is_refused_where_the_gate_says_so(most: float | None, verdict: str) -> None:
    changes = [_lost("blur", 0.02), _lost("busy background", 0.3), _lost("plain background", None)]
    own = replace(_challenger("1" * 20, "cd" * 10), shortcuts=changes)
    found = judge_first(own, Gate(max_shortcut_loss=most))
    assert found.verdict == verdict
    told = [check.text for check in found.checks if "max_shortcut_loss" in check.text]
    assert len(told) == (most is not None)
    if verdict == "rejected":
        assert found.summary == told[0]
        assert told[0].startswith(
            "busy background costs 30.00 points of accuracy (25.0 to 35.0) on 60 images, the most of 2"
        )
        assert told[0].endswith("; not measured, on fewer than 10 images: plain background")


@pytest.mark.parametrize("changes", [(), [_lost("plain background", None)]])
def test_what_was_not_measured_is_not_taken_for_no_loss(changes: Sequence[dict[str, Any]]) -> None:
    own = replace(_challenger("1" * 20, "cd" * 10), shortcuts=changes)
    found = judge_first(own, Gate(max_shortcut_loss=0.5))
    assert found.verdict == "rejected"
    assert found.summary.startswith("no change of the table of shortcuts could be made to 10 images; gate.max_shortcut")


@pytest.mark.parametrize("challenger", ["1111100000", "0000011111", "1111000001"])
def test_a_tie_keeps_the_champion_also_with_other_mistakes(challenger: str) -> None:
    found = _against("1111100000", challenger, "cdcdcdcdcd")
    assert found.verdict == "rejected"
    assert "+0.00 points" in found.summary


@pytest.mark.parametrize(
    ("min_gain", "verdict"), [(0.0, "promote"), (0.09, "promote"), (0.1, "rejected"), (0.3, "rejected")]
)
def test_the_gain_must_be_more_than_the_gate_asks_for(min_gain: float, verdict: str) -> None:
    assert _against("1110000000", "1111000000", "cdcdcdcdcd", min_gain=min_gain).verdict == verdict


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ({"min_accuracy": 0.81}, "accuracy 80.00% of 20 test images; gate.min_accuracy asks for 81.00%"),
        ({"min_recall_per_class": 0.61}, "recall of dog 60.00%, the lowest; gate.min_recall_per_class asks for 61.00%"),
        ({"require_verified": ["tfjs"]}, "export tfjs: not verified; gate.require_verified names it"),
        ({"require_verified": ["savedmodel", "tflite-int8"]}, "export tflite-int8: not exported"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_floors_and_required_formats_hold_for_the_first_model_too(gate: dict[str, Any], said: str, first: bool) -> None:
    challenger = _challenger("1" * 16 + "0" * 4, "c" * 10 + "d" * 10, {"savedmodel": "passed", "tfjs": "not verified"})
    shared = Shared("test", challenger.dataset, 20, 0, 0)
    worse = ["dog"] * 20

    def judged(bars: Gate) -> Comparison:
        return judge_first(challenger, bars) if first else judge_against(challenger, shared, worse, bars)

    found = judged(Gate(**gate))
    assert found.verdict == "rejected"
    assert found.summary.startswith(said)
    exact = {"min_accuracy": 0.8, "min_recall_per_class": 0.6, "require_verified": ["savedmodel"]}
    assert judged(Gate(**exact)).verdict == "promote"


def test_a_class_without_test_images_has_no_recall_to_show() -> None:
    found = judge_first(_challenger("11", "cc"), Gate(min_recall_per_class=0.1))
    assert found.verdict == "rejected"
    assert "recall of dog 0.00% (there is no test image of it)" in found.summary


@pytest.mark.parametrize(
    ("right", "labels", "worth"),
    [
        ("1" * 33 + "0" * 67, "c" * 34 + "d" * 66, False),  # as bad as guessing
        ("1" * 59 + "0" * 41, "cd" * 50, False),  # 59 % of two equal classes: 49.2 % to 68.1 %
        ("1" * 60 + "0" * 40, "cd" * 50, True),  # 50.2 % to 69.1 %
        ("1" * 88 + "0" * 12, "c" * 90 + "d" * 10, False),  # accurate, and worse than always cat
        ("1" * 4, "cdcd", True),  # 51.0 % to 100 %
        ("1" * 3, "cdc", False),  # 43.9 %: so few images prove nothing
    ],
)
def test_a_first_champion_is_better_than_the_largest_class(right: str, labels: str, worth: bool) -> None:
    found = judge_first(_challenger(right, labels), Gate())
    assert (found.verdict, found.worth) == (("promote", True) if worth else ("rejected", False))
    said = f"of {len(labels)} test images; a first champion's whole interval is above"
    assert found.summary.startswith("the first champion: " if worth else "accuracy ")
    assert said in found.summary
    assert ("a person may decide: evergreen promote REF" in found.summary) == (not worth)
    assert found.as_json()["worth"] is worth


def test_a_first_champion_is_not_underfit_and_a_later_one_only_has_to_be_better() -> None:
    found = judge_first(_challenger("1" * 20, "cd" * 10, fit="underfit"), Gate())
    assert (found.verdict, found.worth) == ("rejected", False)
    assert found.summary.startswith("underfit; a first champion must not be underfit")
    assert judge_first(_challenger("1" * 20, "cd" * 10, fit="overfit"), Gate()).verdict == "promote"
    later = _challenger("0000000001", "cccccddddd", fit="underfit")
    shared = Shared("test", later.dataset, 10, 0, 0)
    against = judge_against(later, shared, ["dog"] * 5 + ["cat"] * 5, Gate())
    assert (against.verdict, against.worth) == ("promote", None)


def test_a_comparison_is_plain_json() -> None:
    value = _against("10", "11", "cd").as_json()
    assert value["classes"][1]["label"] == "dog"
    assert value["classes"][1]["gain_interval"] == [1.0, 1.0]
    assert value["checks"][0].keys() == {"passed", "text"}


def test_too_few_shared_images_cannot_be_compared_and_a_stable_split_is_recommended() -> None:
    challenger = _challenger("1111", "ccdd")
    shared = Shared("test", challenger.dataset.head(3), 4, 1, 0)
    assert refuse_too_few(challenger, shared, Gate(min_images=3)) is None
    found = refuse_too_few(challenger, shared, Gate(min_images=4))
    assert found
    assert found.verdict == "cannot compare"
    assert found.summary.startswith("3 of 4 test images are new to the champion (it learned from 1 ")
    assert "split.method: stable" in found.summary
    assert "evergreen promote REF" in found.summary
    assert found.shared == {"held_out": 4, "seen": 1, "near": 0, "images": 3}


def test_a_class_without_shared_images_leaves_its_drop_unknown() -> None:
    challenger = _challenger("1111", "ccdd")
    shared = Shared("test", challenger.dataset.head(2), 4, 2, 0)
    assert refuse_too_few(challenger, shared, Gate(min_images=1)) is None
    found = refuse_too_few(challenger, shared, Gate(min_images=1, max_class_drop=0.5))
    assert found
    assert found.verdict == "cannot compare"
    assert "no image of dog is new to the champion" in found.summary


@pytest.mark.parametrize(
    ("champion", "said"),
    [(["cat"], "(new: dog)"), (["cat", "dog", "eel"], "(gone: eel)"), (["cat", "eel"], "(new: dog; gone: eel)")],
)
def test_other_classes_cannot_be_compared(champion: list[str], said: str) -> None:
    found = refuse_other_classes(_challenger("11", "cd"), champion, Gate())
    assert found
    assert found.verdict == "cannot compare"
    assert said in found.summary


def test_the_order_of_classes_does_not_matter() -> None:
    assert refuse_other_classes(_challenger("11", "cd"), ["dog", "cat"], Gate()) is None


@pytest.mark.parametrize(
    ("leaked_to", "verdict"), [("train", "rejected"), ("validation", "rejected"), ("test", "promote")]
)
def test_better_on_a_leaked_image_only_is_not_better(leaked_to: str, verdict: str) -> None:
    """The challenger alone is right on one image; where the champion learned from that image, it does not count."""
    labels = {name: "dog" if name > "d" else "cat" for name in "abcdefg"}
    challenger = table_of({"train": ["x"], "test": list("abcdefg")}, labels)
    champion = table_of({"train": ["y"], leaked_to: ["g"]} | ({"train": ["y", "g"]} if leaked_to == "train" else {}))
    shared = shared_images(challenger, champion, 0)
    predictions = challenger[["path", "label", "split"]].assign(predicted=challenger["label"])
    answers = ["cat" if pixels == "pixels g" else labels[pixels[-1]] for pixels in shared.images["pixels"]]
    found = judge_against(
        Challenger(challenger, CLASSES, predictions, {}, "good fit"), shared, answers, Gate(min_images=1)
    )
    assert found.verdict == verdict
    assert found.shared["seen"] == (leaked_to != "test")
