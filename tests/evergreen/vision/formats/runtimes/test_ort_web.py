"""evergreen.vision.formats.runtimes.ort_web: what is absent is said with how it is installed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evergreen.errors import ExportRefused
from evergreen.vision.formats.contract import RuntimeNotInstalled
from evergreen.vision.formats.runtimes import ort_web


@pytest.mark.browser
def test_it_answers_as_keras_does_and_a_damaged_file_fails(
    exports: Any, tmp_path: Path, batch: np.ndarray, reference: np.ndarray, node: str
) -> None:
    exports.must_have("onnx")
    if not (ort_web._PACKAGES / "onnxruntime-web").is_dir():
        pytest.skip("make setup EXTRAS=onnx")
    answers = ort_web.open_predictor(exports.folder / "onnx").run(batch)
    assert np.allclose(answers.scores, reference, atol=1e-5)
    assert (answers.classes, answers.threads, len(answers.seconds)) == (None, 1, len(batch))
    data = (exports.folder / "onnx" / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(data[: len(data) // 2])
    with pytest.raises(ExportRefused, match="ONNX Runtime Web under Node ended with code"):
        ort_web.open_predictor(tmp_path).run(batch)


def test_without_node_or_the_package_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort_web.shutil, "which", lambda _: "/usr/bin/node")
    monkeypatch.setattr(ort_web, "_PACKAGES", tmp_path / "node_modules")
    with pytest.raises(RuntimeNotInstalled, match=r"node_modules; run make setup EXTRAS=onnx with npm present"):
        ort_web.open_predictor(tmp_path)
    monkeypatch.setattr(ort_web.shutil, "which", lambda _: None)
    with pytest.raises(RuntimeNotInstalled, match=r"install Node.js 18 or newer, then make setup EXTRAS=onnx"):
        ort_web.open_predictor(tmp_path)
