"""evergreen.sections.sweep: what a sweep is by itself; what it is answered with is tried in sweeping/test_refusals."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from evergreen.sections.sweep import Sweep, ValueRange, lies_in, sweep_schema

LIST = {"train.head.dropout": [0.1, 0.3]}
RANGE = {"augment.magnitude": {"low": 0.05, "high": 0.5}}


def sweep(over: dict[str, Any] = LIST, **more: Any) -> Sweep:
    return Sweep.model_validate({"recipe": "digits", "over": over, **more})


def test_values_are_a_list_or_a_range_and_a_sweep_is_frozen() -> None:
    found = sweep(LIST | RANGE, trials=3)
    assert found.over == {"train.head.dropout": (0.1, 0.3), "augment.magnitude": ValueRange(low=0.05, high=0.5)}
    with pytest.raises(ValidationError, match="frozen"):
        found.trials = 4  # type: ignore[misc]


def test_the_method_follows_from_what_is_tried() -> None:
    assert sweep().method == "grid"
    assert sweep({"augment.magnitude": {"low": 0.1, "high": 0.5, "step": 0.1}}).method == "grid"
    assert sweep(RANGE, trials=3).method == "tpe"
    assert sweep(RANGE, trials=3, method="random").method == "random"


@pytest.mark.parametrize("given", ["1,2", "1, 2", [1, 2], (1, 2)])
def test_seeds_may_be_numbers_with_commas(given: Any) -> None:
    assert sweep(seeds=given).seeds == (1, 2)
    assert sweep(seeds=3).seeds == (3,)


@pytest.mark.parametrize(
    ("over", "more", "message"),
    [
        (RANGE, {}, "1 or more with method: tpe; received none"),
        (RANGE, {"method": "grid"}, r"a range has no step \(augment.magnitude\)"),
        ({"train.head": [{}], **LIST}, {}, "received train.head.dropout, which is in train.head"),
        (LIST, {"set": ["train.head.dropout=0"]}, "no field that set has"),
        (LIST, {"set": {"a": 1}}, "a list of PATH=VALUE"),
        (LIST, {"seeds": [1, 1]}, "every seed once"),
        ({f"a{number}": [1] for number in range(21)}, {}, "at most 20 fields"),
        ({"a": list(range(1001))}, {}, "at most 1,000 values; received 1,001"),
        ({"a": [1, 1]}, {}, "every value once; received 1 twice"),
        ({"a": [float("nan")]}, {}, "plain values"),
        ({"a": {"low": 2, "high": 1}}, {}, "low below high"),
        ({"a": {"low": 0, "high": 1, "log": True}}, {}, "low above 0 with log"),
        ({"a": {"low": 1, "high": 2, "log": True, "step": 1}}, {}, "either log: true or a step"),
        ({"a": {"low": 1, "high": 2, "step": 1.5}}, {}, "a step that fits between"),
        ({"a": {"low": 0, "high": 1, "step": 1e-12}}, {}, "a step that makes at most 10,000 values between"),
    ],
)
def test_what_contradicts_itself_is_refused(over: Any, more: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        sweep(over, **more)


def test_what_is_set_may_hold_what_is_tried() -> None:
    assert sweep(set=["train.head={pooling: max}"]).set == ("train.head={pooling: max}",)
    assert (lies_in("a.b", "a"), lies_in("a", "a"), lies_in("ab", "a")) == (True, True, False)


def test_trying_others_keeps_what_a_file_does_not_say_of_itself() -> None:
    named = sweep(trials=3).named("mine", None, ["photos"], ["a word"])
    other = named.trying({"train.head.pooling": ["max"]})
    assert (other.name, other.sources, other.remarks, other.trials) == ("mine", ("photos",), ("a word",), 3)
    assert list(other.over) == ["train.head.pooling"]
    with pytest.raises(ValidationError):
        named.trying({})


def test_the_schema_says_what_a_file_may_hold() -> None:
    schema = json.loads(sweep_schema())
    assert schema["required"] == ["recipe", "over"]
    assert set(schema["properties"]) == set(Sweep.model_fields)
    assert "default" not in schema["properties"]["method"], "it hangs on what is tried"
    assert [form.get("type") for form in schema["properties"]["over"]["additionalProperties"]["oneOf"]] == [
        "array",
        None,
    ]
