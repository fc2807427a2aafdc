"""evergreen.vision.compare: the champion is run as it was trained, on just the images that both may be judged on."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile_images import saved
from PIL import Image as Pillow

from evergreen.images.pixels import Images
from evergreen.release.judge import Challenger
from evergreen.sections.data import Image
from evergreen.sections.release import Gate
from evergreen.vision.compare import Champion, compare
from evergreen.vision.networks import runtime, saving

CLASSES = ["dark", "bright"]
CHAMPIONS_CLASSES = ["bright", "dark"]


class Reads(dict[str, bytes]):
    """Images by digest, and which of them were read."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __getitem__(self, digest: str) -> bytes:
        self.seen.append(digest)
        return super().__getitem__(digest)


@pytest.fixture(scope="module")
def champion_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 8x8 images that calls everything bright whose mean is over 100."""
    runtime.start()
    import keras

    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Dense(2, activation="softmax", name="scores")(keras.layers.GlobalAveragePooling2D()(inputs))
    model = keras.Model(inputs, outputs)
    model.get_layer("scores").set_weights([np.array([[1.0, -1.0]] * 3), np.array([-300.0, 300.0])])
    path = tmp_path_factory.mktemp("champion") / "model.keras"
    saving.save(model, path)
    return path


@pytest.fixture(scope="module")
def images(png: Callable[..., bytes]) -> tuple[pd.DataFrame, Reads]:
    """20 held-out images of each class, of which every fifth has the other class's brightness, and one to train on."""
    reads, rows = Reads(), []
    for label, grey, other in (("dark", 20, 180), ("bright", 180, 20)):
        for number in range(21):
            shade = other if number % 5 == 4 else grey
            data = png(number + 100 * (label == "dark"), (9, 7), (shade, shade, shade))
            digest = hashlib.sha256(data).hexdigest()
            dict.__setitem__(reads, digest, data)
            split = "test" if number < 20 else "train"
            rows.append((f"{label}/{number}", label, digest, f"pixels {digest}", digest[:16], split))
    return pd.DataFrame(rows, columns=["path", "label", "sha256", "pixels", "phash", "split"]), reads


def _challenger(dataset: pd.DataFrame) -> Challenger:
    """One that is right on every image but the first two."""
    predicted = dataset["label"].where(dataset.index > 1, "bright")
    predictions = dataset[["path", "label", "split"]].assign(predicted=predicted)
    return Challenger(dataset, CLASSES, predictions, {"savedmodel": "passed"}, "good fit")


def _champion(file: Path, dataset: pd.DataFrame, classes: list[str] = CHAMPIONS_CLASSES) -> Champion:
    return Champion(dataset, classes, Image(height=8, width=8), file)


def test_the_champion_answers_in_its_own_classes_and_size(
    champion_file: Path, images: tuple[pd.DataFrame, Reads]
) -> None:
    dataset, reads = images
    learned = dataset[dataset["split"] == "train"]
    known = dataset[dataset["path"].isin(["dark/19", "bright/19"])].assign(split="validation")
    champion = _champion(champion_file, pd.concat([learned, known]))
    reads.seen.clear()
    found = compare(_challenger(dataset), champion, Images(reads.__getitem__), 0, Gate(min_images=38))
    assert found.verdict == "promote"
    assert found.overall
    assert found.overall.count == 38
    assert found.overall.champion == (38 - 6) / 38  # 4, 9 and 14 of each class look like the other
    assert found.overall.challenger == 36 / 38
    assert (found.accuracy, found.count) == (38 / 40, 40)
    assert found.shared == {"held_out": 40, "seen": 2, "near": 0, "images": 38}
    assert set(reads.seen) == set(dataset[dataset["split"] == "test"]["sha256"]) - set(known["sha256"])


def test_a_champion_that_cannot_read_an_image_is_not_compared(
    images: tuple[pd.DataFrame, Reads], tmp_path: Path
) -> None:
    dataset, reads = images
    numbers = saved(Pillow.fromarray(np.array([[0, 70_000]], np.int32)), "TIFF")
    blobs = {digest: numbers if row == 3 else reads[digest] for row, digest in enumerate(dataset["sha256"])}
    champion = _champion(tmp_path / "none.keras", dataset[dataset["split"] == "train"])
    assert dataset["split"].iloc[3] == "test"
    found = compare(_challenger(dataset), champion, Images(blobs.__getitem__), 0, Gate(min_images=1))
    assert found.verdict == "cannot compare"
    assert "trained without screen.range, cannot read TIFF with 32 bits a pixel" in found.summary


def test_what_cannot_be_compared_runs_no_model(images: tuple[pd.DataFrame, Reads], tmp_path: Path) -> None:
    dataset, reads = images
    challenger, nowhere = _challenger(dataset), tmp_path / "none.keras"
    reads.seen.clear()
    for champion, gate, said in (
        (
            _champion(nowhere, dataset, ["dark", "bright", "red"]),
            Gate(),
            "champion's (gone: red)",
        ),
        (_champion(nowhere, dataset.head(0)), Gate(min_images=41), "gate.min_images asks for 41"),
        (_champion(nowhere, dataset.assign(split="train")), Gate(min_images=1), "it learned from 40 "),
    ):
        found = compare(challenger, champion, Images(reads.__getitem__), 0, gate)
        assert found.verdict == "cannot compare"
        assert said in found.summary
    assert compare(challenger, None, Images(reads.__getitem__), 0, Gate()).verdict == "promote"
    assert reads.seen == []
