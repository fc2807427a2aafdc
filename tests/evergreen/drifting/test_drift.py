"""evergreen.drifting.drift: finds what differs, says what it cannot find, and takes its word back."""

from dataclasses import replace

import numpy as np
import pytest

from evergreen.drifting.drift import Drift, drift
from evergreen.drifting.reference import Known, Reference, Space

CLASSES = ["a", "b", "c"]
MIDDLES = np.eye(4)[:, :8].repeat(2, axis=1) * 4


def known(count: int, seed: int, **changes: object) -> Known:
    """Return images of three classes whose features are clouds; some of a fourth, darker, or smaller."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    labels[: int(count * float(changes.get("new", 0)))] = 3  # type: ignore[arg-type]
    features = MIDDLES[labels] + random.normal(size=(count, 8))
    logits = features[:, ::2][:, :3] * 1.5
    powers = np.exp(logits)
    size = float(changes.get("side", 32))  # type: ignore[arg-type]
    looks = np.stack([random.normal(120, 20, count), random.gamma(9, 50, count), *np.full((2, count), size)], axis=1)
    looks[:, 0] *= float(changes.get("light", 1))  # type: ignore[arg-type]
    return Known(powers / powers.sum(axis=1, keepdims=True), features, looks, np.arange(count))


def reference(count: int = 400, seed: int = 99) -> Reference:
    made = known(count, seed)
    half = count // 2
    assert made.features is not None
    space = Space.of(made.features[:half])
    right = np.random.default_rng(seed).random(count) < made.scores.max(axis=1)
    made = replace(made, features=space(made.features))
    return Reference(made, np.arange(count) >= half, right, space, CLASSES, 1.0, "test")


def _found(found: Drift) -> set[str]:
    return {source.name for source in found.sources if source.found}


def test_false_alarms_are_as_rare_as_the_threshold_says() -> None:
    kept = reference(120)
    alarms = sum(drift(kept, known(30, seed), 0.1, seed, 99).found for seed in range(60))
    assert alarms <= 13  # 6 are expected; a binomial of 60 and 0.1 exceeds 13 in 2 of 1,000 cases


@pytest.mark.parametrize(
    ("changes", "source"), [({"new": 0.2}, "features"), ({"light": 0.5}, "brightness"), ({"side": 64}, "size")]
)
def test_what_differs_is_found_with_its_source_and_its_pictures(changes: dict[str, float], source: str) -> None:
    found = drift(reference(), known(100, 1, **changes), 0.01, 0, 299)
    assert found.verdict == "drift"
    assert source in _found(found)
    assert found.p == found.smallest == 1 / 300
    carried = next(one for one in found.sources if one.name == source)
    assert len(set(carried.pictures)) == 12
    if "new" in changes:
        assert max(carried.pictures) < 20  # those of the new class stand first among the images
        assert found.estimate is not None and found.estimate.accuracy is None
        assert "never saw" in found.estimate.words
    else:
        assert found.estimate is not None and found.estimate.accuracy is not None
    assert all(one.words == "no difference found" for one in found.sources if not one.found)


def test_a_dozen_images_are_no_proof_and_it_says_which_share_it_could_see() -> None:
    few = drift(reference(), known(12, 3), 0.01, 0, 299)
    many = drift(reference(), known(200, 3), 0.01, 0, 299)
    assert few.verdict == many.verdict == "no drift found"
    assert few.least_share is not None and many.least_share is not None
    assert few.least_share > 0.4 > many.least_share
    assert f"less than about {few.least_share:.0%} of the images goes unseen" in few.words


def test_two_bursts_among_few_groups_cannot_tell_however_different() -> None:
    kept = reference(40)
    kept = replace(kept, known=replace(kept.known, units=np.arange(40) // 10))
    dark = replace(known(30, 1, light=0.2), units=np.zeros(30, np.int64))
    found = drift(kept, dark, 0.01, 0, 299)
    assert (found.verdict, found.smallest) == ("cannot tell", pytest.approx(1 / 3))
    assert not _found(found)


def test_too_few_images_test_nothing() -> None:
    assert drift(reference(10), known(50, 1)).verdict == "cannot tell"
    assert "fewer than 2" in drift(reference(), known(1, 1)).words


def test_of_a_log_probabilities_alone_are_compared() -> None:
    log = replace(known(60, 5), features=None, looks=None)
    found = drift(reference(), log, count=199)
    assert {source.name for source in found.sources} == {"answers", "shares"}
    assert any("probabilities alone" in note for note in found.notes)


def test_as_json_names_the_pictures() -> None:
    told = drift(reference(), known(100, 1, light=0.5), count=199).as_json(lambda at: {"image": f"{at}.png"})
    assert told["sources"][0]["pictures"][0]["image"].endswith(".png")
    assert told["accuracy"]["judged"] == pytest.approx(reference().right.mean())
