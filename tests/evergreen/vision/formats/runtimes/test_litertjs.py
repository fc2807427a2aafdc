"""evergreen.vision.formats.runtimes.litertjs: what is missing is said; that answers are Keras' is test_verify.py's."""

from pathlib import Path

import pytest

from evergreen.reports.browser import packages
from evergreen.vision.formats.contract import RuntimeNotInstalled
from evergreen.vision.formats.runtimes import litertjs


def test_without_a_graphics_card_webgpu_is_absent_and_no_browser_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litertjs.sys, "platform", "linux")
    monkeypatch.setattr(litertjs, "_CARDS", tmp_path)
    with pytest.raises(RuntimeNotInstalled, match="needs a graphics card, and this machine has none"):
        litertjs.open_webgpu(tmp_path)


def test_without_its_packages_litert_js_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "NODE_MODULES", tmp_path)
    said = r"LiteRT\.js is not installed in .*; run make setup with npm present"
    with pytest.raises(RuntimeNotInstalled, match=said):
        litertjs.open_wasm(tmp_path)
