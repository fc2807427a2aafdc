"""evergreen.sweeping.found: validation alone chooses, the lead has an interval, and the best is said to flatter."""

import json
from typing import Any

import made_sweeps
import numpy as np
import pytest

from evergreen.judging.statistics import mcnemar, paired
from evergreen.sweeping.found import (
    FOUND,
    expected_maximum,
    found,
    found_before,
    lead,
    optimism,
    optimistic_by,
    ranking,
    winner_in_words,
)


def _trial(number: int, accuracy: float | None, loss: float | None = 0.5, state: str = "trained") -> dict[str, Any]:
    return {"number": number, "values": {"a.b": number}, "state": state, "val_accuracy": accuracy, "val_loss": loss}


def _images(count: int, *right: slice) -> np.ndarray:
    of = np.zeros(count, bool)
    for some in right:
        of[some] = True
    return of


def test_accuracy_wins_then_lower_loss_then_lower_number() -> None:
    trials = [
        _trial(0, 0.7), _trial(1, 0.8, 0.6), _trial(2, 0.8, 0.4), _trial(3, 0.8, 0.4, "reused"),
        _trial(4, 0.8, None), _trial(5, 0.9, state="pruned"), _trial(6, 0.9, state="failed"), _trial(7, float("nan")),
        _trial(8, None, None, "running"),
    ]  # fmt: skip
    assert [one["number"] for one in ranking(trials)] == [2, 3, 1, 4, 0]
    assert winner_in_words(trials) == "trial 2 wins: validation accuracy 80.00% (b 2)"
    assert winner_in_words(trials[5:]) == "no trial ended well, so there is no winner"


def test_a_lead_is_tested_on_the_same_images() -> None:
    best, other = _trial(4, 0.55), _trial(1, 0.4)
    right = {4: _images(100, slice(0, 55)), 1: _images(100, slice(0, 30), slice(80, 90))}
    told = lead(best, other, right)
    both = paired(right[1], right[4])
    assert (told.over, told.difference, (told.low, told.high)) == (1, both.gain, both.gain_interval)
    assert told.difference == 0.15
    assert told.p_value == mcnemar(right[1], right[4]).p_value
    assert told.words.startswith("it leads trial 1 (b 1) by 15.0 points (95 % interval +4.0 to ")
    assert told.words.endswith("hardly by chance alone")
    near = lead(_trial(4, 0.55), _trial(1, 0.54), {4: right[4], 1: _images(100, slice(2, 56))})
    assert near.words.endswith("chance alone may do that")
    assert "McNemar" in near.test


def test_of_several_seeds_an_image_counts_by_their_share() -> None:
    best, other = _trial(0, 0.6), _trial(1, 0.4)
    ours = np.stack([_images(100, slice(0, 62)), _images(100, slice(0, 58))])
    theirs = np.stack([_images(100, slice(0, 41)), _images(100, slice(0, 39))])
    told = lead(best, other, {0: ours, 1: theirs})
    assert told.difference == pytest.approx(0.2)
    assert told.low is not None
    assert told.high is not None
    assert told.p_value is not None
    assert 0.1 < told.low < 0.2 < told.high < 0.3
    assert told.p_value < 0.01
    assert "mean over 2 seeds" in told.test
    assert lead(best, other, {0: ours, 1: ours}).p_value == 1
    one = lead(best, other, {0: ours[:1], 1: theirs[:1]})
    assert one == lead(best, other, {0: ours[0], 1: theirs[0]})


def test_a_tie_says_what_broke_it_and_an_unknown_lead_that_it_is() -> None:
    told = lead(_trial(0, 0.5, 0.4), _trial(1, 0.5), {})
    assert (told.difference, told.low, told.high, told.p_value) == (0, None, None, None)
    assert told.words == (
        "it is as accurate as trial 1 (b 1), and comes first because its validation loss is lower; "
        "whether that is chance is not known"
    )
    assert "its number is lower" in lead(_trial(0, 0.5), _trial(1, 0.5), {0: np.ones(3, bool), 1: None}).words


def test_the_mean_of_the_largest_is_that_of_the_tables() -> None:
    # Tippett 1925, table; 2 and 3 have closed forms: 1/sqrt(pi), 3/(2 sqrt(pi)).
    known = {1: 0.0, 2: np.pi**-0.5, 3: 1.5 * np.pi**-0.5, 10: 1.53875, 100: 2.50759, 1000: 3.24144}
    assert {count: round(expected_maximum(count), 5) for count in known} == {
        count: pytest.approx(value, abs=2e-5) for count, value in known.items()
    }


def test_the_best_of_many_equal_trials_flatters_by_what_is_said() -> None:
    random = np.random.default_rng(0)
    count, images, accuracy = 12, 400, 0.8
    best = random.binomial(images, accuracy, (4000, count)).max(axis=1) / images
    trials = [_trial(number, accuracy) for number in range(count - 1)] + [_trial(11, accuracy, state="pruned")]
    told = optimistic_by(trials, images)
    assert told == pytest.approx(best.mean() - accuracy, abs=0.002)
    said = optimism([*trials, _trial(12, None, state="failed")], images)
    assert "with 12 trials the best looks better than it is" in said
    assert "by up to 3.3 points" in said
    assert "were all 12 equally good" in said
    assert "were both equally good" in optimism(trials[:2], images)
    assert optimism(trials[:1], images) == optimism([], images) == optimism(trials, 0) == ""


def test_what_is_found_stands_in_json() -> None:
    made = made_sweeps.grid()
    assert json.loads(json.dumps({key: made[key] for key in FOUND}))["lead"]["over"] == 6
    assert (made["best"], made["pruned"]) == (7, 1)
    one, none = made_sweeps.single(), made_sweeps.all_failed()
    assert (one["best"], one["lead"], one["optimism"], one["importance"]) == (0, None, "", None)
    assert (none["best"], none["lead"], none["optimism"]) == (None, None, "")
    assert none["importance_method"] == "of fewer than 4 trials that ended, nothing can be said"
    assert found([], {}, 10, {})["best"] is None
    lone = [_trial(number, 0.5 + number / 10) for number in range(4)]
    assert found(lone, {"a.b": {"choices": [0, 1, 2, 3]}}, 10, {})["importance_method"] == "one value alone was varied"


def test_the_very_same_trials_are_not_judged_twice() -> None:
    earlier = json.loads(json.dumps(made_sweeps.grid()))
    trials, over, images = earlier["trials"], earlier["over"], earlier["validation"]
    again = [one | {"state": "reused"} if one["state"] == "trained" else one for one in trials]
    assert found_before(earlier, again, over, images) == {name: earlier[name] for name in FOUND}
    assert found_before(earlier, again[1:], over, images) is None
    assert found_before(earlier, again, over, images + 1) is None
    assert found_before(earlier, again, over | {"seed": {"choices": [1]}}, images) is None
    assert found_before({name: earlier[name] for name in earlier if name != "lead"}, again, over, images) is None
    for changed in ({"val_accuracy": 0.1}, {"state": "failed"}, {"seeds": [again[0]["seeds"][0] | {"model": "other"}]}):
        assert found_before(earlier, [again[0] | changed, *again[1:]], over, images) is None
