"""evergreen.vision.formats.runtimes.process: a process that gives no answer is given up."""

import sys

import numpy as np
import pytest

from evergreen.errors import ExportRefused
from evergreen.vision.formats.runtimes import isolated, process


def test_a_runtime_that_gives_no_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "limit_seconds", lambda _: 1)
    waiting = process.predictor("a sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(ExportRefused, match="a sleeper gave no answer within 1 s"):
        waiting(np.zeros((1, 8, 8, 3), np.uint8))


def test_pixels_that_are_what_a_model_takes_are_not_touched_and_give_what_the_formula_gives() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert isolated._quantized(pixels, {"dtype": np.uint8, "quantization": (1.0, 0)}) is pixels
    signed = isolated._quantized(pixels, {"dtype": np.int8, "quantization": (1.0, -128)})
    assert np.array_equal(signed, np.arange(-128, 128).reshape(1, 16, 16))
    assert signed.dtype == np.int8
    halved = isolated._quantized(pixels, {"dtype": np.uint8, "quantization": (2.0, 0)})
    assert np.array_equal(halved, np.round(np.arange(256) / 2).reshape(1, 16, 16))
    as_numbers = isolated._quantized(pixels, {"dtype": np.float32, "quantization": (0.0, 0)})
    assert np.array_equal(as_numbers, pixels)
    assert as_numbers.dtype == np.float32
