"""evergreen.recipe_files: which file a name means, and what a value on the command line replaces."""

from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe_files import RECIPES, apply, folders, name_for, own_folder, read


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


def test_recipes_are_found_in_the_working_folder_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (own_folder(), folders()) == (RECIPES, (RECIPES,)), "inside the clone there is one place"
    monkeypatch.chdir(tmp_path)
    assert folders() == (tmp_path / "recipes", RECIPES)
    assert read("digits")[0] == RECIPES / "digits.yaml"
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "mine.yaml").write_text("name: mine\n", encoding="utf-8")
    assert read("mine")[1] == {"name": "mine"}
    with pytest.raises(BadRecipe, match=r"chessman.*mine.*Did you mean mine"):
        read("mime")


@pytest.mark.parametrize(
    ("named", "make"), [("My Photos", "folder"), ("./My Photos/", "folder"), ("My Photos.zip", "file")]
)
def test_images_in_place_of_a_recipe_are_answered_with_the_lines_to_type(
    named: str, make: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(named).mkdir() if make == "folder" else Path(named).write_bytes(b"PK")
    with pytest.raises(BadRecipe) as error:
        read(named)
    path = "'My Photos.zip'" if make == "file" else "'My Photos'"
    assert f"First: evergreen new my-photos --source {path}; then: evergreen retrain my-photos" in str(error.value)


def test_a_name_that_is_proposed_is_one_that_no_recipe_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "cats").mkdir()
    assert name_for(Path("cats")) == "cats"
    for name in ("cats", "cats-2"):
        (tmp_path / "recipes" / f"{name}.yaml").write_text("name: cats\n")
    assert name_for(Path("x/cats.zip")) == "cats-3"
    with pytest.raises(BadRecipe) as said:
        read(f"{tmp_path}/cats")
    assert "If they are those of cats: evergreen retrain cats; if not, first: evergreen new cats-3 --source" in str(
        said.value
    )
