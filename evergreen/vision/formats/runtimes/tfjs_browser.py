"""TensorFlow.js graph model in headless Chromium, with the wasm backend."""

from pathlib import Path

from evergreen.vision.formats import tfjs
from evergreen.vision.formats.contract import Predictor
from evergreen.vision.formats.runtimes import browser


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs TensorFlow.js in Chromium.

    Raises:
        RuntimeNotInstalled: Chromium or the TensorFlow.js packages are not installed.
    """
    return browser.predictor("TensorFlow.js", "tfjs_browser.html", tfjs.packages(), folder)
