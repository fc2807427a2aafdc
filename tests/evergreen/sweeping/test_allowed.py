"""evergreen.sweeping.allowed: each section of a recipe may be tried, or it is said why not and what does instead."""

import pytest

from evergreen.recipe import Recipe
from evergreen.sweeping.allowed import instead, why_not

MAY = {"image", "augment", "balance", "train"}


def test_every_section_is_known_to_be_allowed_or_not() -> None:
    assert {name for name in Recipe.model_fields if not why_not(name)} == MAY
    assert why_not("split.validation") == why_not("split")
    assert why_not("train.threads") and why_not("train.devices")
    assert not why_not("train.head")
    assert not why_not("splitting")


@pytest.mark.parametrize(
    ("path", "values", "line"),
    [
        ("split.validation", [0.1, 0.2], "--set split.validation=0.1"),
        ("export.formats", [["keras"]], "--set 'export.formats=[keras]'"),
        ("seed", [1, 2], "--seeds 1,2"),
        ("seed", [1.5], ""),
        ("name", ["a", "b"], "--name a"),
        ("source.local.path", ["photos"], ""),
        ("track.mlflow", ["https://me:planted@host"], ""),
    ],
)
def test_what_does_instead_is_an_option_without_secrets(path: str, values: list[object], line: str) -> None:
    assert instead(path, values) == line
