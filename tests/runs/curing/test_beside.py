"""runs.curing.beside: two tables as one, and two accuracies; what cannot be compared is null."""

from typing import Any

import pytest
import yaml
from curing_runs import DIGITS, dataset_and_answers, ended, row

from evergreen.overrides import overridden
from evergreen.recipe import Recipe
from evergreen.recipe_files import read
from runs.curing.beside import as_yaml, cured
from runs.curing.choosing import chosen
from storage.runs import read_summary
from storage.store import Store


def _both(store: Store, before: list[dict[str, Any]], after: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    first = ended(store, 1, DIGITS, before, **more)
    noted = chosen(DIGITS, store).as_json()
    summary = read_summary(store, ended(store, 2, DIGITS, after, **more))
    assert summary
    assert noted["run"] == first
    return cured(store, noted, summary)


def test_each_change_stands_before_and_after(store: Store) -> None:
    found = _both(store, [row("noise"), row("gone")], [row("new", 0.2), row("noise", 0.1)])
    assert [one["name"] for one in found["changes"]] == ["new", "noise", "gone"]
    new, noise, gone = found["changes"]
    assert (new["before"], new["gained"], gone["after"]) == (None, None, None)
    assert (noise["before"]["lost"], noise["after"]["lost"]) == (0.3, 0.1)
    assert noise["gained"] == pytest.approx(0.2)
    assert noise["gained_high"] - noise["gained"] == pytest.approx((0.03**2 + 0.04**2) ** 0.5)
    assert noise["gained"] - noise["gained_low"] == pytest.approx((0.03**2 + 0.04**2) ** 0.5)
    assert (
        found["words"] == "Points of accuracy lost: noise 30.0 before, 10.0 after (9.0 to 11.0). It still leans: noise."
    )
    assert (found["options"], found["recipe"]) == ("--set augment.noise=40", "augment:\n  noise: 40")
    assert found["accuracy"] is None


def test_a_model_that_has_less_to_lose_has_gained_nothing(store: Store) -> None:
    worse = row("noise", 0.02) | {"before": 0.5, "accuracy": 0.48, "accuracy_low": 0.4, "accuracy_high": 0.55}
    noise = _both(store, [row("noise")], [worse])["changes"][0]  # 65 % of noisy images before, 48 % after
    assert noise["gained"] == pytest.approx(-0.17)
    assert noise["gained_high"] < 0


def test_what_was_not_measured_after_is_null(store: Store) -> None:
    found = _both(store, [row("noise"), row("grey", None)], [row("noise", None), row("grey", 0.1)])
    noise, grey = found["changes"]
    assert (noise["after"], noise["gained"], grey["before"], grey["gained"]) == (None, None, None, None)
    assert found["words"] == ""


def test_accuracy_is_paired_where_both_judged_the_same_images(store: Store) -> None:
    first, second = dataset_and_answers(store, wrong=30), dataset_and_answers(store, wrong=20)
    ended(store, 1, DIGITS, [row("noise")], **first)
    noted = chosen(DIGITS, store).as_json()
    summary = read_summary(store, ended(store, 2, DIGITS, [row("noise", 0.01)], **second))
    assert summary
    found = cured(store, noted, summary)
    accuracy = found["accuracy"]
    assert (accuracy["split"], accuracy["before"]["accuracy"], accuracy["after"]["accuracy"]) == ("test", 0.7, 0.8)
    assert accuracy["gain"] == pytest.approx(0.1)
    assert 0.03 < accuracy["gain_low"] < 0.1 < accuracy["gain_high"] < 0.18
    assert found["words"].startswith("Points of accuracy lost: noise 30.0 before, 1.0 after (0.0 to 2.0). ")
    assert "70.0% before, 80.0% after: +10.0 points on the same 100 images (+" in found["words"]
    other = dataset_and_answers(store, wrong=20, beginning="5")
    summary = read_summary(store, ended(store, 3, DIGITS, [row("noise", 0.01)], **other))
    assert summary
    found = cured(store, noted, summary)
    assert (found["accuracy"]["gain"], found["accuracy"]["gain_low"]) == (None, None)
    assert "70.0% before, 80.0% after, of different images." in found["words"]


def test_a_run_that_did_not_come_so_far_keeps_what_it_was_given(store: Store) -> None:
    run = ended(store, 1, DIGITS, [row("noise")])
    noted = chosen(DIGITS, store).as_json()
    found = cured(store, noted, {"id": "x", "shortcuts": {}, "metrics": {}})
    assert found == {**noted, "recipe": "augment:\n  noise: 40", "options": "--set augment.noise=40"}
    gone = cured(store, noted | {"run": run.replace("1", "2")}, {"id": "x", "shortcuts": {"changes": []}})
    assert "changes" not in gone


def test_the_lines_of_a_recipe_say_what_the_options_say() -> None:
    pairs = ["augment.magnitude=null", "augment.rotation=108", "augment.brightness=[0.6, 1.4]", "augment.noise=40"]
    said, _ = overridden(read("digits")[1], pairs, Recipe)
    assert yaml.safe_load(as_yaml(pairs)) == {"augment": said["augment"]}
    assert as_yaml(pairs).split("\n")[:2] == ["augment:", "  magnitude: null"]
