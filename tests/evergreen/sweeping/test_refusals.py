"""evergreen.sweeping.refusals: what is wrong with a sweep's file, in our words, and the option that does instead."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from evergreen.errors import BadRecipe
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import Sweep
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.refusals import OPTIONS

FOREIGN = re.compile(
    r"Input should|should (be|have|match)|valid (tuple|string|integer|number|dictionary|boolean)|instance of|"
    r"NoneType|Field required|Value error|Extra inputs|literal\[|function-|unable to parse|some values|a range\."
)
_PATH = "train.head.dropout"
_HOW = "a list, as [0.1, 0.2], or a range, as {low: 0.1, high: 0.5}"
_TRIED = f"over: expected what is tried, by the path of the recipe's field: PATH with {_HOW}"
_KEYS = "recipe, title, set, over, method, trials, prune, budget_minutes, parallel, seeds, seed"
_RECIPES = "unknown key; it is the recipe's: over has what is tried of it, set what holds for every trial"

# Of each: what the file says beside a recipe and a list of dropouts, what is answered, and the option in its place.
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"trails": 3}, "trails: unknown key; did you mean trials?", "--trials 3"),
    ({"n_trials": 30}, "n_trials: unknown key; did you mean trials?", "--trials 30"),
    ({"params": {"a": 1}}, "params: unknown key; did you mean over?", ""),
    ({"epochs": [3, 5]}, f"epochs: {_RECIPES} (there it is train.phases.0.epochs)",
     "--over 'train.phases.0.epochs=[3, 5]'"),
    ({"augment.magnitude": {"low": 0.1, "high": 0.3, "step": 0.1}}, f"augment.magnitude: {_RECIPES}",
     "--over augment.magnitude=0.1..0.3:0.1"),
    ({"train": {"backbone": "cnn"}}, f"train: {_RECIPES}", ""),
    ({"foo": 3}, f"foo: unknown key; known keys: {_KEYS}", ""),
    ({"method": "bayes"}, "method: expected grid, random or tpe; received 'bayes'", "--method tpe --trials 20"),
    ({"method": "TPE", "trials": 9}, "method: expected grid, random or tpe; received 'TPE'", "--method tpe"),
    ({"method": "tpe"}, "trials: expected a whole number of 1 or more with method: tpe; received none", "--trials 20"),
    ({"trials": "many"}, "trials: expected a whole number from 1 to 10,000 or null; received 'many'", "--trials 20"),
    ({"prune": True}, "prune: expected none or successive-halving; received true", "--prune successive-halving"),
    ({"parallel": 100}, "parallel: expected a whole number from 1 to 64; received 100", "--parallel 64"),
    ({"budget_minutes": 0}, "budget_minutes: expected a number above 0 and at most 10,080 or null; received 0",
     "--budget-minutes 30"),
    ({"seeds": [1, 1, 2]}, "seeds: expected every seed once; received 1, 1, 2", "--seeds 1,2"),
    ({"seeds": [-1]}, "seeds.0: expected a whole number from 0 to 2,147,483,647; received -1", "--seeds 1,2,3"),
    ({"seed": "x"}, "seed: expected a whole number from 0 to 2,147,483,647; received 'x'", "--search-seed 0"),
    ({"set": {"a": 1}}, "set: expected a list of PATH=VALUE, as [train.weights=none]; received a mapping", ""),
    ({"set": [f"{_PATH}=0.5"]},
     f"over: expected no field that set has, for {_PATH} replaces it; received {_PATH} in both", ""),
    ({"over": {_PATH: 0.3}}, f"over.{_PATH}: expected {_HOW}; received 0.3", f"--over '{_PATH}=[0.3]'"),
    ({"over": {_PATH: []}}, f"over.{_PATH}: expected {_HOW}; received an empty list", ""),
    ({"over": {_PATH: [0.3, 0.3]}}, f"over.{_PATH}: expected every value once; received 0.3 twice",
     f"--over '{_PATH}=[0.3]'"),
    ({"over": {_PATH: {"low": 0.3, "high": 0.1, "step": 0.1}}},
     f"over.{_PATH}: expected low below high; received low: 0.3 and high: 0.1", f"--over {_PATH}=0.1..0.3:0.1"),
    ({"over": {_PATH: {"low": 0.1, "hihg": 0.3, "step": 0.1}}}, f"over.{_PATH}.hihg: unknown key; did you mean high?",
     f"--over {_PATH}=0.1..0.3:0.1"),
    ({"over": {_PATH: {"low": 0.1, "step": 0.1}}},
     f"over.{_PATH}.high: expected a number; there is none (The greatest)", ""),
    ({"over": {_PATH: {"low": 0.1, "high": 0.2, "log": True, "step": 0.1}}},
     f"over.{_PATH}: expected either log: true or a step; received both, log and step: 0.1",
     f"--over {_PATH}=0.1..0.2:0.1"),
    ({"over": {_PATH: {"low": 0.1, "high": 0.3}}, "method": "grid"},
     f"method: expected random or tpe where a range has no step ({_PATH}), or a step, or a list; received grid",
     "--method tpe --trials 20"),
    ({"over": {}}, f"{_TRIED}; received an empty mapping", f"--over '{_PATH}=[0.1, 0.3]'"),
    ({"over": None}, f"{_TRIED}; received nothing (null)", f"--over '{_PATH}=[0.1, 0.3]'"),
    ({"over": [_PATH]}, f"{_TRIED}; received a list", ""),
    ({"over": {"train.head": [{}], _PATH: [0]}},
     f"over: expected fields apart from each other; received {_PATH}, which is in train.head", ""),
    ({"over": {1: [2]}}, 'over.1: expected text as a name, received 1: quote it, as in "1"', ""),
    ({"recipe": 3}, "recipe: expected text that is not empty; received 3", ""),
    ({"title": "x" * 121}, f"title: expected text of at most 120 characters; received '{'x' * 79}...", ""),
]  # fmt: skip


def _file(folder: Path, said: dict[str, Any]) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"recipe": "digits", "over": {_PATH: [0.1, 0.3]}, **said}, sort_keys=False))
    return path


@pytest.mark.parametrize(("said", "words", "line"), WRONG, ids=[words.partition(";")[0][:60] for _, words, _ in WRONG])
def test_a_wrong_file_is_answered_with_an_option_that_works(
    said: dict[str, Any], words: str, line: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRecipe) as told:
        load_sweep(_file(tmp_path, said))
    expected = ["mine.yaml is not a valid sweep:", f"  {words}", *([TRY + line] * bool(line))]
    assert str(told.value).split("\n") == [*expected, "See docs/sweeps.md for every field."]
    if line:
        key = next(iter(said))
        kept = {} if "unknown key" in words and key != "over" else said
        typed = shlex.split(line)
        pairs = dict(zip(typed[::2], typed[1::2], strict=True))
        fields = {option: field for field, option in OPTIONS.items()}
        given = {fields[option]: yaml.safe_load(value) for option, value in pairs.items() if option in fields}
        over = [value for option, value in pairs.items() if option == "--over"]
        assert load_sweep(
            _file(tmp_path, kept), over, options=given | ({"seeds": pairs["--seeds"]} if "--seeds" in pairs else {})
        )


def test_every_wrong_thing_is_told_in_no_foreign_words(tmp_path: Path) -> None:
    for wrong in (None, "", "some words", -7, 3.7, 10**9, float("nan"), [], [None], {}, {"nobody": 1}, {1: "a"}):
        fields: list[dict[str, Any]] = [{field: wrong} for field in Sweep.model_fields]
        tried = [{"over": {_PATH: values}} for values in (wrong, {"low": wrong, "high": 1, "step": wrong})]
        for said in (*fields, *tried):
            try:
                load_sweep(_file(tmp_path, said))
            except BadRecipe as error:
                assert not FOREIGN.search(str(error)), str(error)


def test_a_misspelled_key_stands_for_the_one_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"recpie: digits\nover: {{{_PATH}: [0.1]}}\n")
    with pytest.raises(BadRecipe) as told:
        load_sweep(path)
    assert str(told.value).split("\n")[1:-1] == ["  recpie: unknown key; did you mean recipe?"]
