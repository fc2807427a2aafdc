"""evergreen.vision.formats.runtimes.tfjs_browser: after an error nothing goes on."""

import threading
from pathlib import Path

import numpy as np
import pytest

from evergreen.errors import ExportRefused
from evergreen.vision.formats import tfjs
from evergreen.vision.formats.runtimes import tfjs_browser


def test_after_an_error_in_the_browser_nothing_goes_on_serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(tfjs_browser, "chromium", lambda: str(broken))
    monkeypatch.setattr(tfjs, "packages", lambda: tmp_path)
    before = set(threading.enumerate())
    with pytest.raises(ExportRefused, match="Chromium ended with code 1"):
        tfjs_browser.open_predictor(tmp_path)(np.zeros((1, 8, 8, 3), np.uint8))
    assert set(threading.enumerate()) <= before
