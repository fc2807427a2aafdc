"""evergreen.vision.predict: answers are those of the evaluation, and a bad image stops no other."""

from typing import Any

import numpy as np
import pytest
from hostile_images import saved, thin_png
from PIL import Image
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.errors import ExportRefused
from evergreen.sections.data import Screen
from evergreen.vision.evaluate import Evaluation
from evergreen.vision.predict import open_keras, predict


def test_prediction_agrees_with_evaluation_whatever_stands_between(trained: Trained, evaluation: Evaluation) -> None:
    rows = evaluation.predictions.merge(trained.table[["path", "sha256"]], on="path").head(10)

    def gone() -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    reads = [lambda name=name: trained.blobs[name] for name in rows["sha256"]]
    reads[4:4] = [lambda: b"no image", gone]
    answers = list(predict(reads, lambda: open_keras(trained.model, CLASSES), RECIPE.image, lambda pixels: pixels[:2]))
    assert [answer.error for answer in answers if answer.scores is None] == [
        "not a readable image: this is text",
        "No such file or directory",
    ]
    assert [answer.scores is None for answer in answers] == [False] * 4 + [True] * 2 + [False] * 6
    good = [answer for answer in answers if answer.scores is not None]
    assert [CLASSES[answer.scores.argmax()] for answer in good] == list(rows["predicted"])
    assert np.allclose([answer.scores.max() for answer in good], rows["probability"], atol=1e-5)
    assert [answer.kept.shape for answer in good] == [(2, 9, 3)] * 10


def test_pictures_are_read_by_the_rules_of_the_models_own_images() -> None:
    deep = saved(Image.fromarray(np.full((8, 8), 4095, np.uint16)))
    seen: list[int] = []

    def open_model() -> Any:
        return lambda images: seen.extend(images.max(axis=(1, 2, 3))) or np.full((len(images), 3), 1 / 3, np.float32)

    reads = [lambda: deep, lambda: thin_png(1000, 100)]
    rules = Screen(range=(0, 4095), max_megapixels=0.09)
    answers = list(predict(reads, open_model, RECIPE.image, screen=rules))
    assert [answer.error for answer in answers] == ["", "0 megapixels, over the limit of 0.09"]
    assert [answer.error for answer in predict(reads, open_model, RECIPE.image)] == ["", ""]
    assert seen == [255, 16, 255]


def test_a_photo_of_50_megapixels_is_answered() -> None:
    photo = saved(Image.new("L", (8160, 6144), 200), "JPEG")
    (answer,) = predict([lambda: photo], lambda: lambda images: np.full((1, 3), images[0, 0, 0, 0] / 600), RECIPE.image)
    assert answer.scores is not None
    assert answer.scores.tolist() == [200 / 600] * 3


def test_a_model_is_opened_for_an_image_alone_and_batches_stay_small(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evergreen.vision import predict as module

    monkeypatch.setattr(module, "_BATCH_BYTES", 3 * 8 * 8 * 3)
    sizes, opened = [], []

    def open_model() -> Any:
        opened.append(True)
        return lambda images: sizes.append(len(images)) or np.full((len(images), 3), 1 / 3, np.float32)

    assert [answer.error for answer in predict([lambda: b""] * 4, open_model, RECIPE.image)] == ["empty file"] * 4
    assert opened == []
    data = next(iter(trained.blobs.values()))
    assert len(list(predict([lambda: data] * 8, open_model, RECIPE.image))) == 8
    assert (opened, sizes) == ([True], [3, 3, 2])
    with pytest.raises(ExportRefused, match="finite scores"):
        list(predict([lambda: data], lambda: lambda images: np.full((1, 3), np.nan), RECIPE.image))
