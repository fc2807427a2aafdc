"""evergreen.vision.formats.runtimes.process: a process that gives no answer is given up."""

import sys

import numpy as np
import pytest

from evergreen.errors import ExportRefused
from evergreen.vision.formats.runtimes import process


def test_a_runtime_that_gives_no_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "limit_seconds", lambda _: 1)
    waiting = process.predictor("a sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(ExportRefused, match="a sleeper gave no answer within 1 s"):
        waiting(np.zeros((1, 8, 8, 3), np.uint8))
