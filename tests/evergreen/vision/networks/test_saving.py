"""evergreen.vision.networks.saving: a file that holds a model and nothing else, and opens as one."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.errors import ExportRefused
from evergreen.images import pixels
from evergreen.vision.networks import batch_norm, saving


def test_the_model_takes_raw_pixels_and_gives_probabilities(trained: Trained) -> None:
    model = saving.load(trained.model, CLASSES)
    assert model.input_shape == (None, 8, 8, 3)
    assert np.allclose(model.predict(np.full((2, 8, 8, 3), 128.0), verbose=0).sum(axis=1), 1, atol=1e-5)
    with pytest.raises(ExportRefused, match="expected 2 scores"):
        saving.load(trained.model, CLASSES[:2])


def test_a_model_that_is_asked_is_fused_and_answers_as_its_file(trained: Trained) -> None:
    plain, asked = saving.load(trained.model, CLASSES), saving.load_to_run(trained.model, CLASSES)
    assert [norm.call.__func__ for norm in batch_norm.layers_of(asked)] == [batch_norm._call]
    assert batch_norm._call not in [norm.call.__func__ for norm in batch_norm.layers_of(plain)]
    rows = trained.images.rows(trained.table, RECIPE.image)
    np.testing.assert_allclose(pixels.scores(asked, rows), pixels.scores(plain, rows), atol=1e-5)


def test_a_model_that_carries_code_is_refused_unrun(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(ExportRefused, match="refuses"):
        saving.load(tmp_path / "lambda.keras", ["a", "b"])


def test_the_file_holds_no_clock_no_address_and_no_optimizer(trained: Trained) -> None:
    with zipfile.ZipFile(trained.model) as zipped:
        assert {member.date_time for member in zipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        numbers = {int(number) for number in re.findall(rb'"shared_object_id": (\d+)', zipped.read("config.json"))}
        assert numbers == set(range(len(numbers)))
        assert b"optimizer" not in zipped.read("model.weights.h5")
