"""evergreen.vision.formats.quantizing.ladder: what is tried, in which order, and what lies in the folder afterwards."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evergreen.vision.formats import tflite
from evergreen.vision.formats.quantizing import ladder
from evergreen.vision.formats.quantizing.attempts import Repair
from evergreen.vision.formats.quantizing.judge import answered
from evergreen.vision.formats.quantizing.ladder import Limit, Material, repair


@pytest.fixture
def export(spoiled: Any, tmp_path: Path) -> Path:
    """An export of a network that int8 spoils."""
    tflite.write(spoiled.trained, tmp_path, "int8")
    spoiled.counts.clear()
    return tmp_path


def _repair(
    spoiled: Any, export: Path, limit: Limit | None = None, material: Material | None = None, **bars: Any
) -> Repair:
    return repair(spoiled.trained, export, material or spoiled.material(), spoiled.judge(**bars), limit or Limit(60))


def _clock(*seconds: float) -> Any:
    left = list(seconds)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_int8_that_fails_is_repaired_in_float32_where_rounding_hurts_most(
    spoiled: Any, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "TINY", 0)
    result = _repair(spoiled, export)
    first, taken = result.tried[0], result.tried[result.taken]
    assert first.agreement is not None and first.agreement < 0.9
    assert [attempt.representative_images for attempt in result.tried[:2]] == [10, 50]
    assert taken.passed and taken is result.tried[-1]
    assert any("wide" in name for name in taken.in_float)
    data = (export / tflite.FILE).read_bytes()
    assert len(data) == taken.bytes
    agreement = np.mean(answered(data, spoiled.images).scores.argmax(axis=1) == spoiled.reference.argmax(axis=1))
    assert agreement == taken.agreement
    assert not result.cut


def test_the_same_again_is_the_same(
    spoiled: Any, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "TINY", 0)
    other = tmp_path / "other"
    tflite.write(spoiled.trained, other, "int8")
    assert _repair(spoiled, export).as_json() == _repair(spoiled, other).as_json()
    assert (export / tflite.FILE).read_bytes() == (other / tflite.FILE).read_bytes()


def test_int8_that_reaches_its_bar_is_left_as_it_is_and_nothing_else_is_measured(spoiled: Any, export: Path) -> None:
    before = (export / tflite.FILE).read_bytes()
    result = _repair(spoiled, export, min_agreement=0.0, max_accuracy_loss=1.0)
    assert (len(result.tried), result.taken, spoiled.counts) == (1, 0, [])
    assert (export / tflite.FILE).read_bytes() == before


def test_of_a_tiny_network_and_of_few_images_nothing_is_tried_and_it_is_said(spoiled: Any, export: Path) -> None:
    before = (export / tflite.FILE).read_bytes()
    assert "tiny" in _repair(spoiled, export).words()
    few = replace(spoiled.judge(), images=spoiled.images[:99])
    result = repair(spoiled.trained, export, spoiled.material(), few, Limit(60))
    assert (result.tried, result.exported) == ((), None)
    assert "99 validation images are too few, 100 are needed" in result.words()
    assert spoiled.counts == []
    assert (export / tflite.FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("clock", "tried"),
    [
        ((0, 61), 1),  # nothing is begun
        ((0, 1, 61), 2),
        ((0, 1, 1, 61), 2),  # while it is measured which operations hurt
    ],
)
def test_time_ends_the_search_and_it_is_said(
    spoiled: Any, export: Path, monkeypatch: pytest.MonkeyPatch, clock: tuple[float, ...], tried: int
) -> None:
    monkeypatch.setattr(ladder, "TINY", 0)
    result = _repair(spoiled, export, Limit(1, _clock(*clock)))
    assert (len(result.tried), result.cut) == (tried, True)
    assert "export.int8.minutes ended the search" in result.words()
    assert len((export / tflite.FILE).read_bytes()) == result.tried[result.taken].bytes


@pytest.mark.parametrize(
    ("asked", "available", "counts"),
    [(200, 10_000, [1000]), (200, 500, [500]), (200, 200, []), (200, 9, [])],
)
def test_more_images_are_those_that_there_are(asked: int, available: int, counts: list[int]) -> None:
    assert Material(lambda count: lambda: iter(()), asked, available).counts() == counts
