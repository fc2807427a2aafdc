"""evergreen.vision.formats.bars and verification: which scores pass, and what several runtimes come to."""

import re

import numpy as np
import pytest

from evergreen.sections.release import Verify
from evergreen.vision.formats.bars import Shown, judge

BARS = Verify()
COUNT = 400
TRUTH = np.arange(COUNT) % 2
REFERENCE = np.where(TRUTH[:, None] == np.arange(2), 0.9, 0.1).astype(np.float32)


def _turned(number: int, scores: np.ndarray = REFERENCE) -> np.ndarray:
    """The same scores with the other answer to the first ``number`` images."""
    turned = scores.copy()
    turned[:number] = turned[:number, ::-1]
    return turned


def _judge(name: str, scores: np.ndarray, reference: np.ndarray = REFERENCE) -> Shown:
    return judge(name, scores, reference, TRUTH, BARS)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("keras", 0), ("savedmodel", 0), ("tflite-float32", 0), ("tfjs", 0),
        ("tflite-float16", 2), ("tfjs-float16", 2),
        ("tflite-int8", 4), ("tflite-dynamic", 4), ("tfjs-uint8", 4),
    ],
)  # fmt: skip
def test_a_format_may_answer_otherwise_as_often_as_its_precision_allows(name: str, most: int) -> None:
    assert _judge(name, _turned(most)).passed
    refused = _judge(name, _turned(most + 1))
    assert not refused.passed
    assert "expected: " in refused.reason
    assert refused.agreement == pytest.approx(1 - (most + 1) / COUNT)


def test_8_bits_may_answer_otherwise_in_20_of_400_where_no_accuracy_is_lost() -> None:
    reference = _turned(20)  # Keras is wrong there, so the other answer is right
    assert _judge("tflite-int8", REFERENCE, reference).passed
    refused = _judge("tflite-int8", REFERENCE, _turned(21))
    assert (refused.passed, refused.accuracy_lost) == (False, pytest.approx(-21 / COUNT))
    assert refused.reason.startswith("agreement 94.75% is below 95.0% (expected")


@pytest.mark.parametrize("name", ["tflite-int8", "tflite-float16"])
def test_of_few_images_it_is_said_what_one_weighs_and_what_allows_it(name: str) -> None:
    few = slice(0, 8)
    refused = judge(name, _turned(1)[few], REFERENCE[few], TRUTH[few], BARS)
    assert "of 8 images each is 12.5%" in refused.reason
    allowed = dict(re.findall(r"verify\.(\w+): ([\d.]+)", refused.reason))
    assert not refused.passed
    assert judge(name, _turned(1)[few], REFERENCE[few], TRUTH[few], Verify.model_validate(allowed)).passed
    assert "each is" not in _judge(name, _turned(50)).reason


def test_float32_may_differ_only_where_keras_is_unsure_and_only_by_a_thousandth() -> None:
    unsure = REFERENCE.copy()
    unsure[0] = 0.5004, 0.4996
    other = unsure.copy()
    other[0] = 0.4997, 0.5003
    shown = _judge("tfjs", other, unsure)
    assert (shown.passed, shown.agreement) == (True, 1 - 1 / COUNT)
    sure = REFERENCE.copy()
    sure[0] = 0.5011, 0.4989
    assert not _judge("tfjs", other, sure).passed
    moved = REFERENCE.copy()
    moved[5] += np.array([-0.0011, 0.0011], np.float32)
    refused = _judge("savedmodel", moved)
    assert (refused.passed, refused.agreement) == (False, 1)
    assert "a probability differs by 0.0011" in refused.reason
