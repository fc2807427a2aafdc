"""tasks.curves: two panels as SVG; one epoch, equal values and numbers that are none are drawn without a fault."""

import re
from xml.etree import ElementTree

import pytest

from tasks.curves import curves

SVG = "{http://www.w3.org/2000/svg}"


def _epoch(loss: float, accuracy: float = 0.5) -> dict[str, float]:
    return {"loss": loss, "accuracy": accuracy, "val_loss": loss / 2, "val_accuracy": accuracy}


@pytest.mark.parametrize("losses", [[2.0], [1.0, 1.0], [2.0, 1.0, 0.5], [1.0, float("nan"), float("inf"), 0.5]])
def test_every_finite_value_has_a_point_inside_the_picture(losses: list[float]) -> None:
    svg = ElementTree.fromstring(curves(range(1, len(losses) + 1), list(map(_epoch, losses))))  # noqa: S314 - our own
    lines = [line.get("points", "") for line in svg.iter(f"{SVG}polyline")]
    finite = sum(loss == loss and abs(loss) < float("inf") for loss in losses)
    assert [len(line.split()) for line in lines] == [finite, finite, len(losses), len(losses)]
    numbers = [float(number) for line in lines for number in re.findall(r"[\d.-]+", line)]
    assert all(0 <= number <= 360 for number in numbers)


def test_a_loss_that_falls_goes_down() -> None:
    svg = ElementTree.fromstring(curves([1, 2], [_epoch(2.0), _epoch(1.0)]))  # noqa: S314 - our own
    (first, second), *_ = [line.get("points", "").split() for line in svg.iter(f"{SVG}polyline")]
    assert float(first.split(",")[1]) < float(second.split(",")[1])  # y grows downwards
