"""evergreen.vision.formats.registry: every format of recipes is in it."""

from typing import get_args

from evergreen.sections.release import Format
from evergreen.vision.formats.catalogue.known import KNOWN
from evergreen.vision.formats.registry import OPEN_PREDICTOR, WRITE, runtimes


def test_every_format_of_recipes_is_written_opened_and_described() -> None:
    assert list(WRITE) == list(OPEN_PREDICTOR) == list(KNOWN) == list(get_args(Format))
    for name, known in KNOWN.items():
        assert [one.name for one in runtimes(name)] == list(known.runtimes)
        assert tuple(one.name for one in runtimes(name) if not one.needed) == known.beside
