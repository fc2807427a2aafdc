"""runs.looking.comparing: paired where both judged the same images, and what does not compare is said."""

import re
from typing import Any

import pytest
from judged_runs import FIRST, MEASURED, SECOND, leave, write

from runs.looking.comparing import compare_runs, range_of
from runs.summaries.summary import output_of, run_summary
from storage.store import Store


def test_the_same_images_are_paired_and_every_difference_is_named(store: Store) -> None:
    leave(store, "first-1", FIRST)
    leave(store, "second-2", SECOND, seed=8, **{"train.phases.0.epochs": 9})
    found = compare_runs(store, "first-1", "second-2")
    assert found.not_comparable == []
    assert [(path, new) for path, _, new in found.recipe] == [("seed", 8), ("train.phases.0.epochs", 9)]
    assert (found.code, found.libraries) == (["evergreen.a"], [("numpy", "1.1", "1.2")])
    assert found.images == "the same, on the same sides"
    together = found.together
    assert together
    assert (together.count, together.first, together.second, together.gain) == (4, 0.75, 0.5, -0.25)
    assert (together.only_first, together.only_second, together.p_value) == (2, 1, 1.0)
    assert "the second is right on 25.0 points fewer of the same 4 test images" in together.words
    assert "chance alone may do that" in together.words
    assert [(row.label, row.images, row.gain) for row in together.classes] == [("a", 2, 0.5), ("b", 2, -1.0)]
    assert [one.path for one in together.to_wrong] == ["b2.png", "b1.png"]  # the surest first
    (mended,) = together.to_right
    assert (mended.label, mended.first, mended.second, mended.first_probability) == ("a", "b", "a", 0.8)
    told = found.as_json()
    assert told["metrics"]["test"]["second"]["accuracy"] == 0.5
    assert told["recipe"][0] == {"path": "seed", "first": 7, "second": 8}
    assert told["together"]["gain_interval"][0] <= -0.25 <= told["together"]["gain_interval"][1]
    assert range_of(store, "second-2") is None


@pytest.mark.parametrize(
    ("second", "said", "count"),
    [
        ({"answers": {"a1": "a", "b1": "a", "b3": "b"}}, "4 test images, second-2 3; 2 are the same", 2),
        ({"answers": {"b3": "b"}}, "and none is the same", 0),
        ({"answers": SECOND, "classes": "abc"}, r"the classes are others \(only in second-2: c\)", 0),
        ({"answers": SECOND, "split": "validation"}, "a model is chosen on validation images", 0),
    ],
    ids=["some", "none", "classes", "split"],
)
def test_what_does_not_compare_is_said(store: Store, second: dict[str, Any], said: str, count: int) -> None:
    leave(store, "first-1", FIRST)
    leave(store, "second-2", **second)
    found = compare_runs(store, "first-1", "second-2")
    (line,) = found.not_comparable
    assert pytest.approx(count) == (found.together.count if found.together else 0)
    assert re.search(said, line), line


def test_a_run_that_did_not_come_so_far_or_whose_answers_are_gone_is_compared_in_its_recipe_alone(store: Store) -> None:
    leave(store, "first-1", FIRST)
    write(store, "failed-3", seed=1)
    lost = leave(store, "second-2", SECOND)
    assert "failed-3 (failed) did not come to evaluate" in compare_runs(store, "first-1", "failed-3").not_comparable[0]
    found = compare_runs(store, "failed-3", "first-1")
    assert ([path for path, _, _ in found.recipe], found.together, found.images) == (["seed"], None, "")
    assert found.as_json()["metrics"]["test"] == {"first": None, "second": MEASURED | {"accuracy": 0.5}}
    evaluation = output_of(run_summary(store, lost), "evaluate")
    assert evaluation
    store.manifest_path(evaluation).unlink()
    assert "is no longer stored" in compare_runs(store, "first-1", lost).not_comparable[0]
