"""evergreen.recipe_files: which file a name means, and what a value on the command line replaces."""

from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe_files import RECIPES, apply, read


def test_a_name_is_a_recipe_of_ours_and_a_path_one_of_yours(tmp_path: Path) -> None:
    assert read("digits")[0] == RECIPES / "digits.yaml"
    own = tmp_path / "own.yaml"
    own.write_text("name: own\ntrain.views: 3\n")
    assert read(own) == (own, {"name": "own", "train": {"views": 3}})
    with pytest.raises(BadRecipe, match="found none at"):
        read(tmp_path / "other.yaml")
    with pytest.raises(BadRecipe, match="Did you mean digits"):
        read("digit")


def test_an_override_makes_sections_and_replaces_items() -> None:
    values: dict[str, Any] = {"phases": [{"epochs": 1}]}
    apply(values, "phases.0.epochs=3")
    apply(values, "augment.rotation=5")
    assert values == {"phases": [{"epochs": 3}], "augment": {"rotation": 5}}
    for wrong in ("phases.1.epochs=3", "phases", "phases.0.epochs.of=3"):
        with pytest.raises(BadRecipe):
            apply(values, wrong)
