"""TFLite in LiteRT.js, in headless Chromium: on the processor (wasm), and on a graphics card if there is one (WebGPU).

LiteRT.js takes a fixed batch alone, of one image here: https://developers.google.com/edge/litert/web. What opens the
file is the web page's own module, so that what is proved is what the page does.
"""

import sys
from pathlib import Path

from evergreen.reports.browser import packages as npm
from evergreen.vision.formats.contract import Predictor, RuntimeNotInstalled
from evergreen.vision.formats.runtimes import browser

_CARDS = Path("/dev")
# Headless Chromium takes no card unless it is told to; on Linux WebGPU stands behind a switch, and over Vulkan.
_WITH_CARD = ("--enable-unsafe-webgpu", "--enable-features=Vulkan", "--ignore-gpu-blocklist")


def open_wasm(folder: Path) -> Predictor:
    """Return a predictor that runs LiteRT.js on one thread of the processor.

    Raises:
        RuntimeNotInstalled: Chromium or the packages of LiteRT.js are not installed.
    """
    return browser.predictor("LiteRT.js", "litertjs.html?accelerator=wasm", packages(), folder)


def open_webgpu(folder: Path) -> Predictor:
    """Return a predictor that runs LiteRT.js on a graphics card, in float32; it raises the same where there is none."""
    if sys.platform == "linux" and not any(_CARDS.glob("dri/renderD*")) and not any(_CARDS.glob("nvidia[0-9]*")):
        raise RuntimeNotInstalled("WebGPU needs a graphics card, and this machine has none")  # known without a browser
    return browser.predictor("LiteRT.js", "litertjs.html?accelerator=webgpu", packages(), folder, *_WITH_CARD)


def packages() -> Path:
    """Return the folder of npm packages that has LiteRT.js.

    Raises:
        RuntimeNotInstalled: it has not.
    """
    where = npm.NODE_MODULES
    if npm.missing(npm.LITERT_JS):
        raise RuntimeNotInstalled(f"LiteRT.js is not installed in {where}; run make setup with npm present")
    return where
