"""evergreen.judging.advice: what is to be tried is valid for the very recipe, and changes it."""

import shlex

import pytest

from evergreen.judging.advice import lines, to_try
from evergreen.recipe import load_recipe
from evergreen.recipe_files import RECIPES

NAMES = sorted(path.stem for path in RECIPES.glob("*.yaml"))
EVERYTHING = [
    "augment={magnitude: 0.5, erasing: {}, mixup: 0.2, cutmix: 1}", "train.label_smoothing=0.1",
    "train.head={dropout: 0.9}", "train.phases=[{epochs: 400, early_stopping: {}}]",
]  # fmt: skip
ONE_EPOCH = ["train.phases=[{epochs: 1, batch: 1}]", "augment={magnitude: 0.01}"]


@pytest.mark.parametrize("verdict", ["underfit", "overfit"])
@pytest.mark.parametrize(
    ("name", "overrides"),
    [*((name, []) for name in NAMES), *(("digits", other) for other in (EVERYTHING, ONE_EPOCH))],
    ids=lambda value: value if isinstance(value, str) else str(len(value)),
)
def test_two_things_to_try_are_valid_and_change_the_recipe(name: str, overrides: list[str], verdict: str) -> None:
    recipe = load_recipe(name, overrides)
    tries = to_try(verdict, recipe.train, recipe.augment)
    assert len(tries) == 2
    changed = [load_recipe(name, [*overrides, *one.sets]) for one in tries]
    assert changed[0] != recipe != changed[1]
    assert changed[0] != changed[1]
    for line, one in zip(lines([one.as_json() for one in tries]), tries, strict=True):
        typed = shlex.split(line.partition("  (")[0])
        assert typed == [word for pair in one.sets for word in ("--set", pair)]


def test_they_go_the_right_way() -> None:
    recipe = load_recipe("digits")
    longer, less = to_try("underfit", recipe.train, recipe.augment)
    assert (longer.sets, less.sets) == (("train.phases.0.epochs=50",), ("train.head.dense.0.dropout=0.25",))
    shifted, erased = to_try("overfit", recipe.train, recipe.augment)
    assert shifted.sets == ("augment.width_shift=0.1", "augment.height_shift=0.1")
    assert lines([erased.as_json()]) == ["--set 'augment.erasing={}'  (erase parts of the images)"]
    frozen = load_recipe("digits", ["train={backbone: MobileNetV2, phases: [{unfreeze: none, epochs: 5}]}"])
    assert to_try("underfit", frozen.train, frozen.augment)[1].sets == (
        "train.phases.0.unfreeze=all", "train.phases.0.learning_rate=0.0001", "train.phases.0.batch_norm=frozen",
    )  # fmt: skip


def test_a_line_may_be_a_command_or_words_alone() -> None:
    told = lines(
        [
            {"why": "both", "sets": ["augment.noise=40", "augment.brightness=[0.6, 1.4]"]},
            {"why": "all of it", "sets": [], "command": "evergreen retrain digits --cure"},
            {"why": "augment.noise 80 already", "sets": []},
        ]
    )
    assert told == [
        "--set augment.noise=40 --set 'augment.brightness=[0.6, 1.4]'  (both)",
        "evergreen retrain digits --cure  (all of it)",
        "augment.noise 80 already",
    ]


def test_nothing_is_to_be_tried_where_the_model_fits() -> None:
    recipe = load_recipe("digits")
    assert to_try("good fit", recipe.train, recipe.augment) == []
