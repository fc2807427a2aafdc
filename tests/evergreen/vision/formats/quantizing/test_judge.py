"""evergreen.vision.formats.quantizing.judge: files are judged in their runtime, in a process of its own."""

from typing import Any

import numpy as np
import pytest

from evergreen.vision.formats.quantizing.judge import Judge

N = 18


@pytest.fixture
def data(exports: Any) -> bytes:
    read: bytes = (exports.folder / "tflite-int8" / "model.tflite").read_bytes()
    return read


def _judge(batch: np.ndarray, reference: np.ndarray, **bars: float) -> Judge:
    return Judge(
        "validation",
        batch,
        reference,
        reference.argmax(axis=1),
        **({"min_agreement": 1.0, "max_accuracy_loss": 0.0} | bars),
    )


def test_an_export_that_answers_as_keras_passes(data: bytes, batch: np.ndarray, reference: np.ndarray) -> None:
    attempt = _judge(batch, reference).attempt(data, "as it is", 200)
    assert (attempt.agreement, attempt.accuracy, attempt.accuracy_lost, attempt.passed) == (1.0, 1.0, 0.0, True)
    assert (attempt.bytes, attempt.representative_images, attempt.reason) == (len(data), 200, "")
    assert attempt.median_ms is not None


@pytest.mark.parametrize(
    ("bars", "passed"),
    [({}, False), ({"min_agreement": 0.9}, False), ({"min_agreement": 0.9, "max_accuracy_loss": 1 / N}, True)],
)
def test_both_bars_count(
    data: bytes, batch: np.ndarray, reference: np.ndarray, bars: dict[str, float], passed: bool
) -> None:
    other = reference.copy()
    other[0] = np.roll(other[0], 1)  # Keras says another class of one image
    attempt = _judge(batch, other, **bars).attempt(data, "as it is", 200)
    assert attempt.agreement == pytest.approx(1 - 1 / N)
    assert attempt.accuracy_lost == pytest.approx(1 / N)
    assert attempt.passed == passed


def test_a_file_that_its_runtime_refuses_is_an_attempt_that_failed(batch: np.ndarray, reference: np.ndarray) -> None:
    attempt = _judge(batch, reference).attempt(b"no model", "broken", 200)
    assert (attempt.agreement, attempt.passed) == (None, False)
    assert "ended with code" in attempt.reason


def test_the_error_is_that_of_probabilities(data: bytes, batch: np.ndarray, reference: np.ndarray) -> None:
    judge, far = _judge(batch, reference), _judge(batch, 1 - reference)
    assert judge.error(data, 5) < 0.01 < far.error(data, 5)
