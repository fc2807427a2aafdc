"""evergreen.drifting.accuracy: the threshold of ATC, and how far chance reaches."""

from dataclasses import replace

import numpy as np
import pytest

from evergreen.drifting.accuracy import estimate, foretold, withdrawn
from evergreen.drifting.reference import Known, Reference, Space


def _of(confidences: np.ndarray, seed: int = 0) -> Reference:
    scores = np.stack([confidences, 1 - confidences], axis=1)
    right = np.random.default_rng(seed).random(len(scores)) < confidences
    space = Space(np.zeros(1, np.float32), np.zeros((1, 1), np.float32))
    known = Known(scores, np.zeros((len(scores), 2)), np.zeros((len(scores), 4)), np.arange(len(scores)))
    return Reference(known, np.zeros(len(scores), bool), right, space, ["a", "b"], 1.0, "test")


def test_as_many_confidences_as_right_answers_lie_above_the_threshold() -> None:
    sure = np.array([0.5, 0.6, 0.7, 0.8, 0.9])
    right = np.array([False, True, False, True, True])
    assert foretold(sure, right, sure) == 0.6  # three of five: 0.7 and above
    assert foretold(sure, right, np.array([0.55, 0.65, 0.7, 0.95])) == 0.5
    assert foretold(sure, np.ones(5, bool), sure) == 1
    assert foretold(sure, np.zeros(5, bool), sure) == 0


def test_a_model_that_knows_how_sure_it_may_be_foretells_its_accuracy_within_the_interval() -> None:
    random = np.random.default_rng(1)
    reference = _of(random.uniform(0.5, 1, 2000))
    held = 0
    for seed in range(30):
        sure = np.random.default_rng(seed + 50).uniform(0.5, 1, 100)
        right = np.random.default_rng(seed + 500).random(100) < sure
        found = estimate(reference, replace(_of(sure).known), seed)
        assert found.accuracy is not None and found.low is not None and found.high is not None
        assert found.low <= found.accuracy <= found.high
        held += found.low <= right.mean() <= found.high
    assert held >= 26
    assert found.judged == pytest.approx(0.75, abs=0.03)


def test_a_burst_tells_less_than_as_many_images_of_their_own() -> None:
    random = np.random.default_rng(2)
    reference = _of(random.uniform(0.5, 1, 500))
    new = _of(np.repeat(random.uniform(0.5, 1, 10), 20)).known
    alone, together = estimate(reference, new), estimate(reference, replace(new, units=np.arange(200) // 20))
    width = [found.high - found.low for found in (alone, together) if found.high is not None and found.low is not None]
    assert width[1] > 1.5 * width[0]


def test_it_is_withdrawn_with_why() -> None:
    found = withdrawn(["unlike"])
    assert (found.accuracy, found.low) == (None, None)
    assert "unlike anything" in found.words
