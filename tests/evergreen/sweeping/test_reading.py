"""evergreen.sweeping.reading: which file a name means, and what a command line says in place of what stands there."""

from pathlib import Path
from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe_files import RECIPES, recipe_names
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import ValueRange
from evergreen.sweeping.reading import load_sweep, sweep_names

OVER = "train.head.dropout=[0.1, 0.3]"
SWEEP = "recipe: digits\nset: [balance.weights=none]\nover: {train.head.dropout: [0.1]}\ntrials: 1\n"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of somebody with a sweep and a recipe of their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes" / "sweeps").mkdir(parents=True)
    (tmp_path / "recipes" / "mine.yaml").write_text("name: other\nsource: {embedded: {name: digits}}\n")
    (tmp_path / "recipes" / "sweeps" / "rates.yaml").write_text(SWEEP)
    return tmp_path


def test_a_name_is_a_sweep_or_with_over_a_recipe(mine: Path) -> None:
    assert {"rates", "digits", "tsel-backbones"} <= set(sweep_names())
    assert "rates" not in recipe_names()
    assert (load_sweep("rates").file, load_sweep("rates").name) == (mine / "recipes/sweeps/rates.yaml", "rates")
    assert load_sweep("digits").file == RECIPES / "sweeps" / "digits.yaml"
    recipe = load_sweep("digits", [OVER])
    assert (recipe.file, recipe.name, recipe.over) == (None, "digits", {"train.head.dropout": (0.1, 0.3)})
    assert recipe.remarks == (
        "digits is the recipe, since --over says what is tried; the sweep of that name is "
        f"{RECIPES}/sweeps/digits.yaml",
    )
    assert load_sweep("mine", [OVER]).name == "other", "what the recipe is called"
    assert load_sweep("recipes/mine.yaml", [OVER]).recipe == "recipes/mine.yaml"
    assert load_sweep("recipes/sweeps/rates.yaml").name == "rates"


def test_a_command_line_replaces_what_a_file_says(mine: Path) -> None:
    options: dict[str, Any] = {"trials": 4, "method": None, "seeds": "1,2"}
    over = ["train.head.dropout=[0.5, 0.6]", "augment.magnitude=0.1..0.5"]
    found = load_sweep("rates", over, ["image.height=16"], "photos", options)
    assert found.over == {"train.head.dropout": (0.5, 0.6), "augment.magnitude": ValueRange(low=0.1, high=0.5)}
    assert found.set == ("balance.weights=none", "image.height=16")
    assert (found.trials, found.method, found.seeds, found.sources) == (4, "tpe", (1, 2), ("photos",))


@pytest.mark.parametrize(
    ("named", "words", "line"),
    [
        ("rate", "expected the name or path of a sweep or a recipe, received 'rate'", "evergreen sweep rates"),
        ("mime", "", "evergreen sweep mine --over 'train.head.dropout=[0.1, 0.3]'"),
        ("rates.yaml", "expected the file of a sweep or a recipe, found none at rates.yaml.", "evergreen sweep rates"),
        ("mine", "expected what is to be tried beside a recipe: --over PATH=VALUES, or the name of a sweep, of which "
         "there are: digits, rates, ", "evergreen sweep mine --over 'train.head.dropout=[0.1, 0.3]'"),
        ("recipes/mine.yaml", "expected what is to be tried beside a recipe",
         "evergreen sweep recipes/mine.yaml --over 'train.head.dropout=[0.1, 0.3]'"),
    ],
)  # fmt: skip
def test_who_names_something_else_is_told_what_to_type(named: str, words: str, line: str, mine: Path) -> None:
    with pytest.raises(BadRecipe) as told:
        load_sweep(named)
    assert str(told.value).startswith(words)
    assert str(told.value).split("\n")[1:] == [TRY + line]
    _, _, name, *options = line.split(" ", 3)
    assert load_sweep(name, [OVER] if options else [])


def test_a_file_that_is_no_mapping_or_names_no_recipe_is_refused(mine: Path) -> None:
    path = mine / "recipes/sweeps/rates.yaml"
    for text, message in (
        (
            "- a\n",
            "expected a mapping of sections, received a list. The shortest sweep is two lines:\nrecipe: digits\nover",
        ),
        ("recipe: a\nrecipe: b\n", "the key 'recipe' is given twice"),
        ("recipe: digit\nover: {a: [1]}\n", f"Did you mean digits?\n{TRY}recipe: digits"),
        ("over: 3\n", "rates.yaml is not a valid sweep:\n  recipe: expected text that is not empty; there is none"),
    ):
        path.write_text(text)
        with pytest.raises(BadRecipe) as told:
            load_sweep("rates", [OVER] if text.startswith("over") else [])
        assert message in str(told.value)


def test_a_file_in_the_folder_of_sweeps_is_one_whatever_it_lacks(mine: Path) -> None:
    (mine / "recipes/sweeps/rates.yaml").write_text("trials: 3\n")
    with pytest.raises(BadRecipe, match=r"rates\.yaml is not a valid sweep"):
        load_sweep("recipes/sweeps/rates.yaml")
