"""evergreen.vision.networks.precision: it follows the network and the processor, by a fixed rule."""

from pathlib import Path

import pytest

from evergreen.recipe import load_recipe
from evergreen.vision.networks import precision
from evergreen.vision.networks.precision import precision_of


@pytest.mark.parametrize(
    ("flags", "backbone", "asked", "expected"),
    [
        ("fpu avx512_bf16 sse", "cnn", "auto", "bfloat16"),
        ("fpu amx_bf16", "cnn", "auto", "bfloat16"),
        ("fpu avx2", "cnn", "auto", "float32"),
        ("fpu avx512_bf16", "MobileNetV2", "auto", "float32"),
        ("fpu avx512_bf16", "cnn", "float32", "float32"),
        (None, "cnn", "auto", "float32"),
    ],
)
def test_the_precision_follows_the_network_and_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str | None, backbone: str, asked: str, expected: str
) -> None:
    file = tmp_path / "cpuinfo"
    if flags is not None:
        file.write_text(f"processor : 0\nflags\t\t: {flags}\n")
    monkeypatch.setattr(precision, "_CPU_INFO", file)
    monkeypatch.setattr(precision, "_GPU_DRIVER", tmp_path / "none")
    cnn = "[{filters: 4}]" if backbone == "cnn" else "[]"
    recipe = load_recipe("digits", [f"train.backbone={backbone}", f"train.cnn={cnn}", f"train.precision={asked}"])
    assert precision_of(recipe.train) == expected


def test_a_gpu_counts_only_where_tensorflow_can_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = load_recipe("digits", []).train
    driver = tmp_path / "version"
    driver.write_text("NVRM version")
    monkeypatch.setattr(precision, "_GPU_DRIVER", driver)
    monkeypatch.setattr(precision, "_CPU_INFO", tmp_path / "none")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert precision_of(train) == "float32"  # its libraries are not installed
    monkeypatch.setattr(precision, "distribution", lambda name: name)
    assert precision_of(train) == "mixed_float16"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert precision_of(train) == "float32"
