"""evergreen.reports.model_readme: metadata that the Hugging Face Hub reads, and words for whoever finds the model."""

from typing import Any

import pytest
import yaml

from evergreen.reports.model_readme import readme

CARD: dict[str, Any] = {
    "classes": ["a|b", "---", "c: <d>"],
    "input": {"height": 8, "width": 9, "dtype": "float32"},
    "resize": {"rule": "squash", "interpolation": "area"},
    "metrics": {
        "train": {"accuracy": 1.0, "loss": 0.1, "count": 42},
        "test": {"accuracy": 0.98148, "accuracy_low": 0.957, "accuracy_high": 0.992, "loss": 0.1, "count": 1270},
    },
    "shortcuts": {"split": "test", "summary": "The model leans on colour."},
    "made_of": {"model.keras": "ab" * 32},
}


@pytest.mark.parametrize(
    ("name", "library"),
    [("keras", "keras"), ("tflite-int8", "tflite"), ("tfjs", "tfjs"), ("savedmodel", "tensorflow")],
)
def test_the_front_matter_is_what_the_hub_reads(name: str, library: str) -> None:
    start, metadata, text = readme(name, CARD, "run.py").split("---\n", 2)
    assert start == ""
    said = yaml.safe_load(metadata)
    assert said["license"] == "unknown"
    assert "license" in metadata.splitlines()[0]  # a comment says how to fill it
    assert (said["library_name"], said["pipeline_tag"], said["metrics"]) == (
        library,
        "image-classification",
        ["accuracy"],
    )
    assert said["tags"] == ["image-classification", "evergreen", name]
    (model,) = said["model-index"]
    assert model["name"] == "evergreen-abababababab"
    (result,) = model["results"]
    assert result["task"]["type"] == "image-classification"
    assert set(result["dataset"]) == {"type", "name", "split"}
    assert result["metrics"] == [{"type": "accuracy", "name": "Accuracy", "value": 0.9815}]
    assert text.startswith("\n# Images in 3 classes")


def test_the_text_tells_how_good_it_is_and_what_to_fill_in() -> None:
    text = readme("tflite-int8", CARD, "run.py")
    assert "| test | 98.15% | 95.7% to 99.2% | 1,270 |" in text
    assert "| train | 100.00% |  | 42 |" in text
    assert "`license`, at the top" in text
    assert "as TFLite metadata: MediaPipe Tasks (`run_mediapipe.py`" in text
    assert "TFLite metadata" not in readme("tfjs", CARD, "run.mjs")
    assert "8x9 pixels" in text
    assert "leans on colour" in text
    assert "a&#124;b, \\-\\-\\-, c\\: \\<d\\>" in text
