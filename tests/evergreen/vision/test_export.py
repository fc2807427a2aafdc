"""evergreen.vision.export: ranges of 8 bits are those of training images, and equal models give equal bytes."""

from pathlib import Path
from typing import Any

import numpy as np
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.recipe import Recipe
from evergreen.sections.release import Int8
from evergreen.vision.export import judge_of, material_of
from evergreen.vision.formats.contract import Trained as Network
from evergreen.vision.networks import saving


def _export(**values: Any) -> Recipe:
    return RECIPE.model_copy(update={"export": RECIPE.export.model_copy(update=values)})


def test_int8_ranges_are_measured_on_training_images(trained: Trained) -> None:
    recipe = _export(representative_images=42)
    material = material_of(trained.table, trained.images, recipe)
    blocks = [block[0][0] for block in material.of(material.asked)()]
    assert (material.asked, material.available) == (42, 42)
    rows = trained.table[trained.table["split"] == "train"]
    training = {image.tobytes() for image in trained.images.rows(rows, RECIPE.image).gather(np.arange(42))}
    assert {block.astype(np.uint8).tobytes() for block in blocks[1:]} < training  # the first holds the input's range
    assert len(blocks) == 42


def test_writing_again_gives_the_same_bytes_where_the_library_allows(exports: Any, tmp_path: Path) -> None:
    formats = tuple(name for name in exports.formats if name != "savedmodel")
    exports.write(tmp_path / "again", formats)
    files = [path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()]
    assert len(files) >= 4 * len(formats)
    for path in files:
        assert (tmp_path / "again" / path).read_bytes() == (exports.folder / path).read_bytes(), path


def test_int8_is_judged_by_validation_images_and_what_keras_says_to_them(trained: Trained, exports: Any) -> None:
    model = saving.load(trained.model, CLASSES)
    network = Network(trained.model, model, trained.folder, CLASSES, lambda: iter(()), RECIPE.image)
    judge = judge_of(trained.table, trained.images, network, _export(int8=Int8(images=12, min_agreement=0.8)))
    rows = trained.table[trained.table["split"] == "validation"]
    batch = trained.images.rows(rows, RECIPE.image).gather(np.arange(12))
    assert (judge.split, judge.min_agreement, judge.max_accuracy_loss) == ("validation", 0.8, 0.005)
    assert np.array_equal(np.unique(judge.images, axis=0), np.unique(batch, axis=0))
    said = np.asarray(network.model.predict_on_batch(judge.images.astype(np.float32)))
    assert np.allclose(judge.reference, said, atol=1e-5)
    none = judge_of(trained.table[trained.table["split"] != "validation"], trained.images, network, RECIPE)
    assert (len(none.images), len(none.reference), len(none.truth)) == (0, 0, 0)


def test_how_int8_came_to_be_is_told_unless_the_recipe_has_nothing_tried(exports: Any, tmp_path: Path) -> None:
    told = exports.write(tmp_path / "few", ("tflite-int8",))
    assert "12 validation images are too few" in told.words()
    assert exports.write(tmp_path / "none", ("tflite-float32",)) is None
    assert exports.write(tmp_path / "off", ("tflite-int8",), _export(int8=Int8(minutes=0))) is None
