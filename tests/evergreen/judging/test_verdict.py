"""evergreen.judging.verdict: the rules, at their borders."""

import pytest

from evergreen.judging.metrics import wilson
from evergreen.judging.verdict import RULES, judge


def _side(right: int, count: int) -> dict[str, float]:
    low, high = wilson(right, count)
    return {"accuracy": right / count, "accuracy_low": low, "accuracy_high": high, "count": count}


@pytest.mark.parametrize(
    ("train", "test", "largest", "expected"),
    [
        pytest.param((9900, 10_000), (2950, 3000), 0.1, "good fit", id="little is lost"),
        pytest.param((9241, 10_000), (8673, 10_000), 0.1, "overfit", id="cifar10's notebook: 5.7 points"),
        pytest.param((9439, 10_000), (2754, 2965), 0.3, "good fit", id="garbage's notebook: 1.5 points"),
        pytest.param((1000, 1000), (948, 1000), 0.1, "overfit", id="5.2 points"),
        pytest.param((1000, 1000), (952, 1000), 0.1, "good fit", id="4.8 points"),
        pytest.param((42, 42), (16, 18), 0.34, "good fit", id="11 points of 18 images: may be chance"),
        pytest.param((7700, 10_000), (2300, 3000), 0.1, "underfit", id="74 % of the way"),
        pytest.param((7800, 10_000), (2340, 3000), 0.1, "good fit", id="76 % of the way"),
        pytest.param((9100, 10_000), (2730, 3000), 0.9, "underfit", id="one class is nine tenths of the images"),
        pytest.param((7000, 10_000), (1500, 3000), 0.1, "underfit", id="underfit is asked first"),
    ],
)
def test_the_rules(train: tuple[int, int], test: tuple[int, int], largest: float, expected: str) -> None:
    found = judge({"train": _side(*train), "test": _side(*test)}, "test", largest)
    assert found.verdict == expected
    assert len(found.reasons) == (3 if test[1] == 18 else 2)
    assert f"{train[0] / train[1]:.2%}" in found.reasons[0]
    assert found.as_json()["rules"] == list(RULES)
