"""evergreen.images.backgrounds.told: how many, and what was left out, are never left unsaid."""

import pytest

from evergreen.images.backgrounds.told import words

FACTS = {"images": 874, "uniform": 863, "replace": 0.5, "with": ["plain", "images"], "photos": {}}


OF = "863 of 874 training images (99%) have a uniform background, replaced in 50% of their views by "
REST = "; the others pass as they are"
PHOTOS = {"./p": {"used": 3, "beyond": 4, "left_out": {"a.txt": "no image"}}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, f"{OF}plain, images{REST}"),
        (
            {"uniform": 0},
            "augment.background replaces nothing: none of 874 training images has a background that is uniform enough "
            "to be cut out",
        ),
        (
            {"uniform": 874},
            f"{OF.replace('863', '874').replace('99', '100')}plain, images; all are uniform, so what images lend each "
            "other is of one colour too",
        ),
        (
            {"with": ["./p"], "photos": PHOTOS},
            f"{OF}./p{REST}; of ./p 1 files are no photos and 4 come after the first 500: not used",
        ),
    ],
)
def test_words(changed: dict[str, object], said: str) -> None:
    assert words({**FACTS, **changed}) == said
