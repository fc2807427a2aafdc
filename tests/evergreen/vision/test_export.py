"""evergreen.vision.export: ranges of 8 bits are those of training images, and equal models give equal bytes."""

from pathlib import Path
from typing import Any

import numpy as np
from tiny_training import RECIPE, Trained

from evergreen.vision.export import _representative


def test_int8_ranges_are_measured_on_training_images(trained: Trained) -> None:
    recipe = RECIPE.model_copy(update={"export": RECIPE.export.model_copy(update={"representative_images": 42})})
    blocks = [block[0][0] for block in _representative(trained.table, trained.images, recipe)()]
    rows = trained.table[trained.table["split"] == "train"]
    training = {image.tobytes() for image in trained.images.rows(rows, recipe.image).gather(np.arange(42))}
    assert {block.astype(np.uint8).tobytes() for block in blocks[1:]} < training  # the first holds the input's range
    assert len(blocks) == 42


def test_writing_again_gives_the_same_bytes_where_the_library_allows(exports: Any, tmp_path: Path) -> None:
    formats = tuple(name for name in exports.formats if name != "savedmodel")
    exports.write(tmp_path / "again", formats)
    files = [path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()]
    assert len(files) >= 4 * len(formats)
    for path in files:
        assert (tmp_path / "again" / path).read_bytes() == (exports.folder / path).read_bytes(), path
