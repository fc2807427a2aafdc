"""evergreen.sweeping.checking: everything is a valid recipe before anything runs; what is not has a line that works."""

import re
import shlex
from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe_files import RECIPES
from evergreen.sections.refusing.told import TRY
from evergreen.sweeping import checking
from evergreen.sweeping.checking import check, grid
from evergreen.sweeping.dimensions import Choices, Span
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.space import Space

RATE, EPOCHS, UNFREEZE = (f"train.phases.0.{name}" for name in ("learning_rate", "epochs", "unfreeze"))
_LAST = "See docs/recipe.md for every field, docs/sweeps.md for what a sweep may try."
_IMAGES = (
    "decides which images validate, so the accuracies of two trials could not be compared: one value holds for all"
)
_MAGNITUDE = "augment: magnitude sets all the others: expected no rotation beside it"
_CNN = "train: expected unfreeze: all in every phase of a cnn, which has no backbone to freeze"


def space(*over: str, recipe: str = "digits", **options: Any) -> Space:
    return check(load_sweep(recipe, over, options=options))


@pytest.mark.parametrize("name", ["digits", "tsel-augmentation", "tsel-backbones"])
def test_every_sweep_that_is_shipped_is_valid_and_names_its_schema(name: str) -> None:
    sweep = load_sweep(name)
    found = check(sweep)
    assert (sweep.name, len(found.grid())) == (name, {"digits": 6, "tsel-augmentation": 10, "tsel-backbones": 6}[name])
    first = (RECIPES / "sweeps" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../docs/sweep.schema.json"


def test_values_are_what_the_recipe_reads() -> None:
    found = space(f"{RATE}=[1e-4, 0.01]", "augment.rotation=[10, 20]", "train.head.dense=[[], [{units: 8}]]")
    assert found.dimensions == {
        RATE: Choices((0.0001, 0.01)),
        "augment.rotation": Choices((10, 20)),
        "train.head.dense": Choices(([], [{"units": 8}])),
    }
    assert space(f"{EPOCHS}=1..4", trials=2).dimensions == {EPOCHS: Span(1, 4, whole=True)}
    assert [recipe.train.phases[0].epochs for _, _, recipe in space(f"{EPOCHS}=1..4", trials=2).recipes] == [1, 4]


# Of each: what is tried, what is answered, and the option that does instead.
WRONG = [
    (["train.head.pooling=[max,avg]"], ["train.head.pooling=avg: expected average, max or flatten; received 'avg'"],
     "--over 'train.head.pooling=[max, average]'"),
    ([f"{EPOCHS}=[0,5]"], [f"{EPOCHS}=0: expected a whole number from 1 to 10,000; received 0"],
     f"--over '{EPOCHS}=[1, 5]'"),
    ([f"{EPOCHS}=0..5:1"], [f"{EPOCHS}=0: expected a whole number from 1 to 10,000; received 0"],
     f"--over {EPOCHS}=1..5:1"),
    (["augment.magnitude=0.05..0.9"], ["augment.magnitude=0.9: expected a number from 0 to 0.5 or null; received 0.9"],
     "--over augment.magnitude=0.05..0.5"),
    ([f"{EPOCHS}=1..5.5:1"], [f"{EPOCHS}: expected whole numbers, and so a range of them"], f"--over {EPOCHS}=1..6:1"),
    (["train.backbone=1..6:2"], ["train.backbone: expected a list of values: a range is for numbers"],
     "--over 'train.backbone=[cnn, EfficientNetLite0]'"),
    (["augment.vertical_flip=0..1:1"], ["augment.vertical_flip: expected a list of values: a range is for numbers"],
     "--over 'augment.vertical_flip=[false, true]'"),
    (["train.phases.0.lr=[0.1,0.2]"], [f"train.phases.0.lr: unknown key; it is {RATE}"], f"--over '{RATE}=[0.1, 0.2]'"),
    (["lr=1e-4..1e-2:log"], [f"lr: unknown key; it is {RATE}"], f"--over {RATE}=0.0001..0.01:log"),
    (["augmnet.rotation=[1,2]"], ["augmnet.rotation: augmnet: unknown key; did you mean augment?"],
     "--over 'augment.rotation=[1, 2]'"),
    (["train.phases.3.epochs=[3,5]"],
     ["train.phases.3.epochs: train.phases is a list of 1: expected the number of an item, 0; received '3'"],
     f"--over '{EPOCHS}=[3, 5]'"),
    ([f"{RATE}=[1e-4,0.0001,1]"], [f"{RATE}: expected every value once; the recipe reads 1e-4 and 0.0001 as one"],
     f"--over '{RATE}=[1e-4, 1]'"),
    (["train.head.dense=[[{units: 64}],[{units: 64, activation: relu}]]"],
     ["train.head.dense: expected every value once; the recipe reads [{units: 64}] and [{units: 64, activation: relu}] "
      "as one"], "--over 'train.head.dense=[[{units: 64}]]'"),
    (["augment.brightness=[null,[1.2,0.8]]"],
     ["augment.brightness=[1.2, 0.8]: augment: brightness: expected [low, high] within 0 and 10; received [1.2, 0.8]"],
     "--over 'augment.brightness=[null]'"),
    (["split.validation=[0.1,0.2]"], [f"split.validation: {_IMAGES}"], "--set split.validation=0.1"),
    (["seed=[1,2]"],
     ["seed: decides how images are divided and how a training begins: seeds trains every trial once with each, and "
      "takes the mean"], "--seeds 1,2"),
    (["source.local.path=[a,b]"], [f"source.local.path: {_IMAGES}, --source"], ""),
    ([f"{RATE}=0.0002..2:0.0002", "train.label_smoothing=[0,0.1]"],
     ["trials: expected so many of 20,000 combinations, at most 10,000; received none"], "--trials 100"),
    # Valid alone, and not together.
    (["train.backbone=[MobileNetV2,cnn]", f"{UNFREEZE}=[none,all]"], [f"train.backbone=cnn {UNFREEZE}=none: {_CNN}"],
     "--over 'train.backbone=[MobileNetV2]'"),
    (["augment.rotation=[10,20]", "augment.magnitude=[0.1,0.2]"],
     [f"augment.rotation=10 augment.magnitude=0.1: {_MAGNITUDE}",
      f"augment.rotation=10 augment.magnitude=0.2: {_MAGNITUDE}",
      f"augment.rotation=20 augment.magnitude=0.1: {_MAGNITUDE}",
      "and 1 more of 4 combinations",
      "Leave one of them out, or try whole sections, whose values are together: "
      "--over 'augment=[{rotation: 10}, {magnitude: 0.2}]'"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("over", "words", "line"), WRONG, ids=[case[0][0] for case in WRONG])
def test_what_is_not_valid_is_told_with_an_option_that_works(over: list[str], words: list[str], line: str) -> None:
    options = {"trials": 4} if re.search(r"\.\.[^:]*(:log)?$", over[0]) else {}
    with pytest.raises(BadRecipe) as told:
        space(*over, **options)
    lines = [f"  {word}" for word in words] + [TRY + line] * bool(line)
    assert str(told.value).split("\n") == ["--over: expected what digits can be trained with:", *lines, _LAST]
    if line:
        option, value = shlex.split(line)
        given = {"--trials": {"trials": 100}, "--seeds": {"seeds": value}}.get(option, {})
        paths = {value.partition("=")[0]} if option == "--over" else set()
        kept = (
            over if given and option == "--trials" else [one for one in over[1:] if one.partition("=")[0] not in paths]
        )
        tried = [*kept, *([value] if option == "--over" else [] if kept else ["train.head.dropout=[0.1, 0.2]"])]
        check(load_sweep("digits", tried, [value] if option == "--set" else [], options={**options, **given}))


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadRecipe) as told:
        space("export.formats=[[keras]]", "train.phases.0.batch=[0,8]", "train.head.dropout=[2,3]")
    assert [line.partition(":")[0].strip() for line in str(told.value).split("\n")[1:-1]] == [
        *("export.formats", "try", "train.phases.0.batch=0", "try"),
        *("train.head.dropout=2", "train.head.dropout=3"),  # of which no one option mends both
    ]


def test_a_value_may_be_valid_only_beside_others_in_a_grid_and_not_in_a_search() -> None:
    over = ["train.backbone=[MobileNetV2,EfficientNetB0]", f"{UNFREEZE}=[none,'5']"]
    assert len(grid(load_sweep("digits", over))) == 4
    assert space(*over).dimensions[UNFREEZE] == Choices(("none", 5))
    with pytest.raises(BadRecipe, match=f"{UNFREEZE}=none: {_CNN}"):
        space(*over, method="random", trials=3)


def test_a_recipe_that_is_not_valid_is_told_as_ever() -> None:
    with pytest.raises(BadRecipe, match=r"digits\.yaml is not a valid recipe:\n  split\.test: expected a number"):
        check(load_sweep("digits", ["train.head.dropout=[0.1]"], ["split.test=7"]))


def test_of_a_large_grid_the_first_thousand_combinations_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_CHECKED", 2)
    over = ["train.head.dropout=[0.1,0.2]", "augment.rotation=[0,10]", "augment.magnitude=[null,0.1]"]
    assert space(*over).trials == 8, "the fourth is refused where all are read"
    monkeypatch.setattr(checking, "MOST_CHECKED", 4)
    with pytest.raises(BadRecipe, match="magnitude sets all the others"):
        space(*over)
