"""runs.summaries.judged: what is to be tried goes by the verdict, or by a gate that found the model not worth it."""

from typing import Any

import pytest

from evergreen.recipe import load_recipe
from runs.summaries.judged import calibration_of, verdict_of
from runs.tables import to_json
from storage.store import Store

FACTS = {"temperature": 1.0, "unsure_below": 0, "unsure_precision": 0.9, "ece": 0.1, "ece_scaled": 0.1}


@pytest.mark.parametrize(
    ("fit", "comparison", "first"),
    [
        ("good fit", None, None),
        ("good fit", {"worth": True}, None),
        ("good fit", {"worth": False}, "train longer"),
        ("underfit", {"worth": False}, "train longer"),
        ("overfit", {"worth": False}, "shift the images"),
    ],
)
def test_what_to_try(store: Store, fit: str, comparison: dict[str, Any] | None, first: str | None) -> None:
    files: dict[str, Any] = {
        "verdict.json": to_json({"verdict": fit, "reasons": [], "rules": []}), "calibration.json": to_json(FACTS),
        "shortcuts.json": to_json({"sample": 0, "changes": []}),
    }  # fmt: skip
    outputs = {"evaluate": store.publish("evaluation", files)}
    found = verdict_of(store, load_recipe("digits"), outputs, comparison)
    assert found["verdict"] == fit
    assert [one["why"] for one in found["to_try"]][:1] == ([first] if first else [])
    told = calibration_of(store, outputs)
    assert told
    assert set(told) == {*FACTS, "words"}


def _lost(name: str, lost: float) -> dict[str, Any]:
    return {"name": name, "lost": lost, "lost_low": lost - 0.01, "lost_high": lost + 0.01, "leans_on": "it"}


@pytest.mark.parametrize(
    ("on", "sets", "command"),
    [
        ([], ["augment.noise=40"], ["evergreen retrain digits --cure"]),
        (
            ["augment.noise=40", 'name="other"'],
            ["augment.noise=80"],
            ["evergreen retrain digits --set augment.noise=40 --set 'name=\"other\"' --cure"],
        ),
        (["augment.noise=90"], [], []),
    ],
)
def test_what_it_leans_on_is_answered_to_though_the_model_fits(
    store: Store, on: list[str], sets: list[str], command: list[str]
) -> None:
    files = {
        "verdict.json": to_json({"verdict": "good fit", "reasons": []}),
        "shortcuts.json": to_json({"sample": 9, "changes": [_lost("noise", 0.3)]}),
    }
    recipe = load_recipe("digits", on)
    tries = verdict_of(store, recipe, {"evaluate": store.publish("evaluation", files)}, None)["to_try"]
    assert tries[0]["sets"] == sets
    assert tries[0]["why"].startswith("noise costs 30.0 points (29.0 to 31.0)")
    assert [one["command"] for one in tries[1:]] == command


def test_a_run_that_did_not_come_so_far_says_nothing(store: Store) -> None:
    assert verdict_of(store, load_recipe("digits"), {}, None) == {}
    assert calibration_of(store, {}) is None
