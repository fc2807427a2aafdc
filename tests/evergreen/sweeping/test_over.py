"""evergreen.sweeping.over: what ``--over`` takes, and what somebody is told who wrote something near it."""

import shlex
from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import ValueRange
from evergreen.sweeping.over import given_over, number_text, over_line, over_text

FORMS = "PATH=[a, b], PATH=LOW..HIGH, PATH=LOW..HIGH:log or PATH=LOW..HIGH:STEP"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[MobileNetV2,EfficientNetB0]", ["MobileNetV2", "EfficientNetB0"]),
        ("[[], [{units: 64}], null]", [[], [{"units": 64}], None]),
        ("['1,2', \"a=b\"]", ["1,2", "a=b"]),
        ("0.05..0.5", {"low": 0.05, "high": 0.5}),
        ("1e-4..1e-2:log", {"low": 1e-4, "high": 1e-2, "log": True}),
        ("0.1..0.5:0.1", {"low": 0.1, "high": 0.5, "step": 0.1}),
        ("-.5 .. +8 : 2", {"low": -0.5, "high": 8, "step": 2}),
        ("{low: 1, high: 3, log: true}", {"low": 1, "high": 3, "log": True}),
    ],
)
def test_lists_and_ranges_are_read_as_a_file_has_them(text: str, values: Any) -> None:
    assert given_over([f"a.b={text}", "c = [1]"]) == {"a.b": values, "c": [1]}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a.b=0.1-0.5", f"--over a.b: expected {FORMS}; received '0.1-0.5'", "a.b=0.1..0.5"),
        ("a.b=0.1 to 0.5:log", f"--over a.b: expected {FORMS}; received '0.1 to 0.5:log'", "a.b=0.1..0.5:log"),
        ("a.b=0.1...0.5x", f"--over a.b: expected {FORMS}; received '0.1...0.5x'", "a.b=[0.1...0.5x]"),
        ("a.b=1, 2,x", f"--over a.b: expected {FORMS}; received '1, 2,x'", "a.b=[1, 2, x]"),
        ("a.b=MobileNetV2", f"--over a.b: expected {FORMS}; received 'MobileNetV2'", "a.b=[MobileNetV2]"),
        ("a.b={units: 3}", f"--over a.b: expected {FORMS}; received '{{units: 3}}'", ""),
        ("a.b=1..3:lin", "--over a.b: expected :log or :STEP behind a range; received '1..3:lin'", "a.b=1..3"),
        ("a.b=1..3:1:2", "--over a.b: expected :log or :STEP behind a range; received '1..3:1:2'", "a.b=1..3"),
        (
            "a.b=[1,",
            f"--over a.b: expected {FORMS}; received '[1,', which is not a YAML value: line 1, column 4: a bracket, "
            "brace or quote is not closed. If the shell divided it at a space, put it between quotes",
            "a.b=[1]",
        ),
        (
            "augment.magnitude",
            f"--over: expected {FORMS}; received 'augment.magnitude'",
            "augment.magnitude=[0.1, 0.3]",
        ),
        ("", f"--over: expected {FORMS}; received ''", "train.head.dropout=[0.1, 0.3]"),
        ("=[1]", f"--over: expected {FORMS}; received '=[1]'", "train.head.dropout=[0.1, 0.3]"),
        ("a.b: 0.1..0.3", f"--over: expected {FORMS}; received 'a.b: 0.1..0.3'", "a.b=0.1..0.3"),
        ("a.b [1, 2]", f"--over: expected {FORMS}; received 'a.b [1, 2]'", "a.b=[1, 2]"),
    ],
)
def test_what_is_near_is_answered_with_a_line_that_is_read(text: str, message: str, line: str) -> None:
    with pytest.raises(BadRecipe) as told:
        given_over([text])
    words, _, shown = str(told.value).partition(f"\n{TRY}")
    assert words == message
    assert shlex.split(shown) == (["--over", line] if line else [])
    if line:
        given_over([line])


def test_a_path_that_is_given_twice_is_refused_with_all_its_values() -> None:
    with pytest.raises(BadRecipe) as told:
        given_over(["a=[1,2]", "b=[1]", "a=[2,3]"])
    assert str(told.value) == (
        f"--over a: expected every path once, with all its values; received it twice\n{TRY}--over 'a=[1, 2, 3]'"
    )


def test_no_secret_is_shown() -> None:
    for text in ("source.http.files.0.url=https://me:planted@host/a.zip", "a.b=[https://me:planted@host"):
        with pytest.raises(BadRecipe) as told:
            given_over([text])
        assert "planted" not in str(told.value)


@pytest.mark.parametrize(
    "values",
    [
        ["a, b", None, 1e-5, "1e-4", [{"units": 3}]],
        {"low": 1e-5, "high": 0.1, "log": True},
        {"low": 8.0, "high": 64.0, "step": 8.0},
        {"low": 1, "high": 3},
    ],
)
def test_a_line_says_what_it_was_made_of(values: Any) -> None:
    option, text = shlex.split(over_line("a.b", values))
    assert (option, given_over([text])) == ("--over", {"a.b": values})
    if isinstance(values, dict):
        assert over_text(ValueRange.model_validate(values)) == over_text(values)


def test_numbers_are_as_short_as_they_can_be() -> None:
    assert [number_text(number) for number in (8.0, 0.1, 1e-5, -3, 1e20)] == ["8", "0.1", "1e-05", "-3", "1e+20"]
