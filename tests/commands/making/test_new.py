"""commands.making.new: from a folder of photos to a recipe, as a person types it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import Command
from typer.testing import CliRunner

from commands.main import app
from commands.making import new as command
from commands.making.new import in_minutes
from evergreen.errors import BadDataset
from evergreen.recipe import load_recipe
from evergreen.vision.estimate import Estimate


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _type(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["new", *arguments], env={"COLUMNS": "200", "PREFECT_API_URL": ""})


def _photos(folder: Path, png: Callable[..., bytes], classes: tuple[str, ...], each: int) -> Path:
    for number, label in enumerate(classes):
        (folder / label).mkdir(parents=True)
        for image in range(each):
            (folder / label / f"{image}.png").write_bytes(png(100 * number + image, (24, 16)))
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["My Cats", "--source", "."],
            "small letters, digits and hyphens, received 'My Cats'\n    try: evergreen new my-cats --source .\n",
        ),
        (["digits", "--source", "."], "yourself\n    try: evergreen new digits-2 --source .\n"),
        (["digits", "--source", ".", "--fast", "--set", "seed=3"], "new digits-2 --source . --fast --set seed=3\n"),
        (["cats", "--source", "nowhere"], "found nothing at nowhere"),
        (["cats", "--source", ".", "--fast", "--best"], "expected --fast or --best or neither"),
        (["cats", "--source", ".", "--set", "train.epochs=3"], "train.epochs"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(here: Path, arguments: list[str], message: str) -> None:
    done = _type(*arguments)
    assert done.exit_code == 2
    assert message in done.output
    assert not (here / "recipes").exists()


def test_a_folder_becomes_a_recipe_that_is_found_here(
    here: Path, png: Callable[..., bytes], prefect_server: str
) -> None:
    photos, command = _photos(here / "photos", png, ("left", "right", "none"), 12), Command(here / "store")
    done = command("new", "arrows", "--source", str(photos), "--set", "seed=3", server=prefect_server)
    assert done.returncode == 0, done.stderr
    written = here / "recipes" / "arrows.yaml"
    values = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert values["repair"]["classes"] == ["left", "none", "right"]
    assert (values["seed"], values["source"]) == (3, {"local": {"path": str(photos)}})
    assert values["train"]["backbone"] == "cnn"
    assert "horizontal_flip" not in values["augment"]
    assert load_recipe("arrows").title == "Arrows, 3 classes"
    divided = {"train": 22, "validation": 7, "test": 7}
    said = ", ".join(f"{side} {count}" for side, count in divided.items())
    sides = [
        line.split()[1:] for line in done.stdout.splitlines() if line.split()[:1] in (["left"], ["right"], ["none"])
    ]
    assert [sum(int(side[at]) for side in sides) for at in range(3)] == list(divided.values()), "as the recipe divides"
    for line in (f"divided    {said}", "time       about ", f"written    {written}"):
        assert line in done.stdout
    assert done.stdout.rstrip().endswith("next       evergreen retrain arrows")
    assert "is there already" in _type("arrows", "--source", str(photos)).output


def test_doubt_stops_it_and_writes_nothing(here: Path, png: Callable[..., bytes], prefect_server: str) -> None:
    photos = _photos(here / "photos", png, ("cat", "dog"), 3)
    for number, path in enumerate(sorted(photos.glob("*/*"))):
        path.rename(photos / f"{number}.png")  # nothing says any more what they show
    done = Command(here / "store")("new", "pets", "--source", str(photos), server=prefect_server)
    assert done.returncode == 1
    assert "No recipe was written: mend what is said above, or answer with --set, and run this again." in done.stderr
    assert not (here / "recipes").exists()


def test_a_class_of_too_few_is_said_once_with_the_line_that_leaves_it_out(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "a split needs 3 of each class; rare has 1: add images of it, leave it out (repair.leave_out: [rare]), or not"

    def refused(*_: Any) -> None:
        raise BadDataset(why)

    monkeypatch.setattr(command, "run_flow", lambda *_: ({"id": "run", "refused": why}, 0))
    monkeypatch.setattr(command, "chosen", refused)
    done = _type("pets", "--source", str(here), "--fast")
    assert done.exit_code == 1
    assert why not in done.output, "the flow said it"
    again = f"    try: evergreen new pets --source {here} --fast --set 'repair.leave_out=[rare]'\n"
    assert done.output.endswith(again)


@pytest.mark.parametrize(
    ("seconds", "words"), [(45, "about 45 s"), (600, "about 10 minutes"), (9000, "about 2.5 hours")]
)
def test_an_estimate_in_words(seconds: float, words: str) -> None:
    assert in_minutes(Estimate({"phase 1": seconds})).startswith(words)
    assert "folds 10 minutes" in in_minutes(Estimate({"phase 1": seconds}, 600.0))
