"""evergreen.vision.formats.registry: every format of recipes is in it."""

from typing import Any

from evergreen.vision.formats.registry import OPEN_PREDICTOR, WRITE


def test_every_format_of_recipes_is_written_and_opened(exports: Any) -> None:
    assert set(WRITE) == set(OPEN_PREDICTOR) == set(exports.formats)
