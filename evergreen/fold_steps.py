"""The steps of cross-validation, and where they stand in the step table of a recipe that asks for it."""

from dataclasses import replace

from evergreen.step import Step
from evergreen.steps import BY_NAME, STEPS

_DATA = ("probe", "acquire", "unpack", "repair", "screen", "split")
_TRAIN, _BASELINE = BY_NAME["train"], BY_NAME["baseline"]
# Of a run of folds, what they said out of fold is what labels are judged by, too.
TAKE_FOLDS = ("diagnose", "report")

DEAL = Step(
    "deal",
    "evergreen.datasets.deal:deal",
    inputs={"dataset": "split", "screened": "screen", "repaired": "repair"},
    # Of screening, how far apart near-duplicates are.
    reads={"dataset": ("dataset.csv", "aside.csv"), "screened": (), "repaired": ("groups.csv",)},
    recipe=("split.group", "split.validation", "evaluate.folds"),
    libraries=("numpy", "pandas", "scipy"),
)
# Called once a fold, as ``numbered`` says.
FOLD = replace(
    _TRAIN,
    name="fold",
    core="evergreen.vision.fold:fold",
    inputs={"dealt": "deal"},
    reads={"dealt": ("dataset.csv",)},
    recipe=(*_TRAIN.recipe, "balance"),
    format=1,
)
# Takes every fold beside what was dealt; ``called`` names them.
FOLDS = Step(
    "folds",
    "evergreen.judging.folds:pool",
    inputs={"dealt": "deal"},
    recipe=("evaluate.top_k",),
    libraries=("numpy", "pandas", "scikit-learn", "scipy"),
)
FOLD_STEPS = (DEAL, FOLD, FOLDS)

_BY_NAME = BY_NAME | {step.name: step for step in FOLD_STEPS}


def steps_of(folds: int) -> tuple[Step, ...]:
    """Return the steps of a retraining in their order; those of the folds follow ``baseline``.

    Args:
        folds: how many the recipe asks for; 0 for none.
    """
    if not folds:
        return STEPS
    after = STEPS.index(_BASELINE) + 1
    return (*STEPS[:after], *_of_folds(folds), *(called(step, folds) for step in STEPS[after:]))


def steps_of_folds(folds: int) -> tuple[Step, ...]:
    """Return the steps of a cross-validation alone: of the data, then of the folds."""
    return (*(BY_NAME[name] for name in _DATA), *_of_folds(folds))


def steps_of_diagnosis(folds: int) -> tuple[Step, ...]:
    """Return the steps of a diagnosis alone: of the data, of the folds if it takes some, then the diagnosis."""
    before = steps_of_folds(folds) if folds else tuple(BY_NAME[name] for name in _DATA)
    return (*before, called(BY_NAME["diagnose"], folds))


def _of_folds(folds: int) -> tuple[Step, ...]:
    return (DEAL, *(numbered(FOLD, number) for number in range(1, folds + 1)), called(FOLDS, folds))


def numbered(step: Step, number: int) -> Step:
    """Return a step for one fold, from 1: its name, which is in its key, says which."""
    return replace(step, name=f"{step.name} {number}", number=number)


def called(step: Step, folds: int) -> Step:
    """Return a step as runs of a recipe call it: three of them take more where there are folds.

    Args:
        step: a row of the table.
        folds: how many the recipe asks for.
    """
    if folds and step.name == FOLDS.name:
        return replace(
            step, inputs=step.inputs | {f"fold_{number}": f"fold {number}" for number in range(1, folds + 1)}
        )
    if folds and step.name in TAKE_FOLDS:
        return replace(step, inputs=step.inputs | {"folds": FOLDS.name})
    return step


def step_named(name: str) -> Step | None:
    """Return the step of that name, ``fold 3`` among them, or None if there is none."""
    kind, _, number = name.rpartition(" ")
    if kind == FOLD.name and number.isdecimal() and int(number):
        return numbered(FOLD, int(number))
    return _BY_NAME.get(name)


def trains(name: str) -> bool:
    """Whether a step of that name fits a network, and so keeps checkpoints."""
    step = step_named(name)
    return step is not None and (step.name == _TRAIN.name or step.number > 0)
