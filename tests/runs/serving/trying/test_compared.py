"""runs.serving.trying.compared: what two releases answered, counted as by hand, in bounded memory."""

import json

import numpy as np
import pytest

from evergreen.sections.data import Image, Screen
from runs.serving.answers import Answered, Release
from runs.serving.trying import compared as module
from runs.serving.trying.compared import Compared

HOSTILE = ("<script>", "a|b\nc", "Füchse")


def release(name: str, classes: tuple[str, ...], threshold: float | None = 0.5) -> Release:
    return Release("r", name * 64, name * 64, "tflite-int8", classes, Image(), Screen(), threshold)


def answered(*scores: float, sha256: str = "s", seconds: float = 0.01, error: str = "") -> Answered:
    return Answered(sha256, scores, error, seconds)


def test_agreement_difference_latency_and_unsure_are_as_by_hand() -> None:
    pair = Compared(release("a", HOSTILE), release("b", HOSTILE, 0.9))
    pair.add("t", answered(0.8, 0.2, 0.0), answered(0.6, 0.4, 0.0, seconds=0.03))
    pair.add("t", answered(0.4, 0.3, 0.3, sha256="x"), answered(0.1, 0.9, 0.0, seconds=0.01))
    pair.add("t", answered(error="bad"), answered(error="bad"))
    pair.add("t", answered(0.4, 0.3, 0.3), answered(error="bad"))
    told = json.loads(json.dumps(pair.as_json()))
    assert (told["images"], told["agreed"], told["agreement"], told["refused_by_one"]) == (2, 1, 0.5, 1)
    assert told["mean_absolute_difference"] == pytest.approx(((0.2 + 0.2 + 0) / 3 + (0.3 + 0.6 + 0.3) / 3) / 2)
    assert told["unsure"] == {"champion": 1, "challenger": 1}
    assert told["milliseconds"]["champion"] == {"mean": 10, "p50": 10, "p95": 10}
    assert told["milliseconds"]["challenger"] == {"mean": 20, "p50": 20, "p95": 29}
    assert told["classes"] == [{"label": "<script>", "images": 2, "agreed": 1, "instead": {"a|b\nc": 1}}]
    (example,) = told["examples"]
    assert (example["sha256"], example["champion"]["label"], example["challenger"]["probability"]) == (
        "x",
        "<script>",
        0.9,
    )
    assert pair.outcomes() == {"agreed": 1, "differed": 1, "refused": 1, "failed": 0, "not_asked": 0}


def test_classes_are_compared_by_name_whatever_their_order_and_new_ones_count_as_nothing_before() -> None:
    pair = Compared(release("a", ("x", "y")), release("b", ("new", "y", "x")))
    pair.add("t", answered(0.9, 0.1), answered(0.0, 0.1, 0.9))
    assert (pair.agreed, pair.difference) == (1, 0)
    pair.add("t", answered(0.9, 0.1), answered(1.0, 0.0, 0.0))
    assert pair.as_json()["classes"][0]["instead"] == {"new": 1}
    assert pair.difference == pytest.approx((1 + 0.1 + 0.9) / 3 / 2)


def test_of_equal_scores_the_later_class_is_named_as_in_every_answer() -> None:
    pair = Compared(release("a", ("x", "y")), release("b", ("x", "y")))
    pair.add("t", answered(0.5, 0.5), answered(0.4, 0.6))
    assert pair.agreed == 1


def test_a_thousand_classes_and_many_differences_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_PAIRS", 300)
    names = tuple(f"class {number}" for number in range(1000))
    pair = Compared(release("a", names), release("b", names))
    draw = np.random.default_rng(0)
    for number in range(2000):
        one, other = draw.dirichlet(np.ones(1000), 2)
        pair.add("t", answered(*one, sha256=str(number)), answered(*other, sha256=str(number)))
    told = pair.as_json()
    assert told["images"] == 2000
    assert sum(len(row["instead"]) for row in told["classes"]) == 300
    differed = sum(sum(row["instead"].values()) for row in told["classes"]) + told["other_pairs"]
    assert differed == told["images"] - told["agreed"]
    assert len(told["examples"]) == 100
    surest = [min(row["champion"]["probability"], row["challenger"]["probability"]) for row in told["examples"]]
    assert surest == sorted(surest, reverse=True)


def test_nothing_compared_is_told_as_nothing() -> None:
    told = Compared(release("a", HOSTILE), release("b", HOSTILE)).as_json()
    assert (told["images"], told["agreement"], told["mean_absolute_difference"], told["classes"]) == (0, None, None, [])
