"""evergreen.vision.formats.card: every export says what it is."""

import json
import subprocess
from typing import Any

import yaml
from tiny_training import CLASSES


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
