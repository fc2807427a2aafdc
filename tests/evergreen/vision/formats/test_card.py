"""evergreen.vision.formats.card: every export says what it is."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_training import CLASSES, RECIPE

from evergreen.vision.formats import tflite
from evergreen.vision.formats.card import About, complete
from evergreen.vision.formats.quantizing.attempts import Attempt, Repair


def test_every_export_says_what_it_is(exports: Any) -> None:
    for name in exports.formats:
        folder = exports.folder / name
        card = json.loads((folder / "model-card.json").read_text())
        assert (folder / "labels.txt").read_text().splitlines() == card["classes"] == CLASSES
        assert (card["format"], card["preprocessing"]) == (name, "none: raw RGB")
        assert (card["input"]["height"], card["input"]["width"], card["input"]["range"]) == (8, 8, [0, 255])
        assert card["resize"] == {"rule": "squash", "interpolation": "area"}
        assert card["pictures"] == {"max_megapixels": 150, "range": None}
        assert card["metrics"]["test"] == {"accuracy": 0.5, "loss": 1.25, "count": 18}
        assert (card["shortcuts"]["leans_on"], card["shortcuts"]["split"]) == (["colour"], "test")
        assert card["made_of"] == {"model.keras": "0" * 64}
        assert card["made"]["libraries"]["tensorflow"].startswith("2.19")
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert set(card["files"]) == files - {"model-card.json", "README.md"}  # that one is filled in by a person
        _, metadata, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
        assert yaml.safe_load(metadata)["tags"][-1] == name
        assert next(file for file in card["files"] if file.startswith("run.")) in text
        done = subprocess.run(["sha256sum", *card["files"]], cwd=folder, capture_output=True, text=True, check=True)
        assert [line.split()[0] for line in done.stdout.splitlines()] == list(card["files"].values())


@pytest.mark.parametrize("judged", [True, False])
def test_int8_says_which_attempt_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judged: bool) -> None:
    first = Attempt("ranges of 200 training images", 200, (), 4000, 0.98, 0.9, 0.0, passed=False)
    taken = Attempt("1 of 9 operations in float32", 1000, ("stem",), 4100, 0.995, 0.9, 0.0, passed=True)
    repaired = Repair("validation", 378, 0.99, 0.005, (first, taken), taken=1)
    numbers = {"test": {"accuracy": 0.5, "loss": 1.25, "count": 18}}
    shortcuts = {"sample": 0, "changes": []}
    about = About(CLASSES, RECIPE.image, numbers, shortcuts, "test", {"model.keras": "0" * 64}, 7, 200)
    monkeypatch.setattr(tflite, "describe", lambda folder, card: None)  # there is no model in the folder
    complete("tflite-int8", tmp_path, about, repaired if judged else None)
    made = json.loads((tmp_path / "model-card.json").read_text())["made"]
    assert made["ranges_from"] == {"images": 1000 if judged else 200, "split": "train", "seed": 7}
    assert made.get("quantization") == ({"words": repaired.words(), "in_float": ["stem"]} if judged else None)
    assert (repaired.words() in (tmp_path / "README.md").read_text(encoding="utf-8")) == judged
