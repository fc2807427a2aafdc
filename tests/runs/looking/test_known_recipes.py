"""runs.looking.known_recipes: the clone's and the folder's own, where their images come from; no secret is told."""

from pathlib import Path

import pytest

from evergreen.recipe import load_recipe, parse_recipe
from evergreen.recipe_files import RECIPES
from evergreen.sweeping.reading import FOLDER
from runs.looking.known_recipes import known_recipes, known_sweeps, source_in_words

OWN = """
name: mine
title: Mine
source: {local: {path: photos}}
train: {backbone: cnn, cnn: [{filters: 4}], phases: [{epochs: 1}]}
"""
HTTP = {"http": {"files": [{"url": "https://h/a.zip", "query": "${KEY}"}, {"url": "https://h/b"}]}}


def test_the_folders_own_come_first_and_one_that_cannot_be_read_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "file.yaml").write_text(OWN, encoding="utf-8")
    (folder / "broken.yaml").write_text("name: [\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    broken, mine, *ours = known_recipes()
    assert (broken.name, "cannot be read as YAML" in broken.error, "\n" in broken.error) == ("broken", True, False)
    assert mine.as_json() == {
        "name": "mine", "file": str(folder / "file.yaml"), "title": "Mine", "source": "photos", "error": "",
        "kind": "recipe", "recipe": "", "tries": "",
    }  # fmt: skip
    assert {one.name for one in ours} == {load_recipe(path).name for path in RECIPES.glob("*.yaml")}
    monkeypatch.chdir(RECIPES.parent)
    assert len(list(known_recipes())) == len(ours)


def test_sweeps_say_what_they_try_of_which_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "recipes" / FOLDER
    folder.mkdir(parents=True)
    over = f"{{train.head.dropout: {{low: 0.1, high: 0.5}}, train.phases.0.epochs: {list(range(10, 50))}}}"
    (folder / "few.yaml").write_text(f"{{recipe: digits, title: Few, over: {over}, trials: 5}}", encoding="utf-8")
    (folder / "torn.yaml").write_text("recipe: nobody\nover: {train.head.dropout: [0.1, 0.3]}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    few, torn, *ours = known_sweeps()
    assert (few.kind, few.name, few.title, few.recipe) == ("sweep", "few", "Few", "digits")
    assert few.tries == "dropout 0.1..0.5, 0.epochs 40 values; tpe, 5 trials"
    assert (torn.kind, torn.name, "received 'nobody'" in torn.error) == ("sweep", "torn", True)
    assert [one.name for one in ours] == sorted(path.stem for path in (RECIPES / FOLDER).glob("*.yaml"))
    assert not any(one.error for one in ours)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"embedded": {"name": "digits"}}, "embedded digits"),
        ({"kaggle": {"dataset": "me/photos"}}, "kaggle me/photos"),
        (HTTP, "https://h/a.zip and 1 more"),
        ({"local": {"path": "/a folder"}}, "/a folder"),
    ],
    ids=["embedded", "kaggle", "http", "local"],
)  # fmt: skip
def test_a_source_is_told_in_few_words(source: dict[str, object], words: str) -> None:
    values = {"name": "x", "source": source, "train": load_recipe("digits").train.model_dump(mode="json")}
    assert source_in_words(parse_recipe(values, "x.yaml")) == words
