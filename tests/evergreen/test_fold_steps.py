"""evergreen.fold_steps: where folds come into the table, and only where a recipe asks for them."""

from evergreen.fold_steps import (
    FOLD,
    FOLD_STEPS,
    numbered,
    step_named,
    steps_of,
    steps_of_diagnosis,
    steps_of_folds,
    trains,
)
from evergreen.steps import BY_NAME, STEPS


def test_without_folds_the_table_is_as_it_is() -> None:
    assert steps_of(0) is STEPS


def test_every_step_comes_after_its_inputs_and_the_report_takes_the_folds() -> None:
    for steps in (steps_of(3), steps_of_folds(3), steps_of_diagnosis(3), steps_of_diagnosis(0)):
        for index, step in enumerate(steps):
            assert set(step.inputs.values()) <= {earlier.name for earlier in steps[:index]}
    rows = {step.name: step for step in steps_of(3)}
    assert set(rows) == set(BY_NAME) | {"deal", "fold 1", "fold 2", "fold 3", "folds"}
    assert set(rows["folds"].inputs.values()) == {"deal", "fold 1", "fold 2", "fold 3"}
    assert rows["diagnose"].inputs == BY_NAME["diagnose"].inputs | {"folds": "folds"}
    assert rows["report"].inputs == BY_NAME["report"].inputs | {"folds": "folds"}
    assert not {"train", "evaluate", "export", "promote"} & {step.name for step in steps_of_folds(3)}


def test_a_step_is_found_by_its_name_a_fold_with_its_number() -> None:
    assert step_named("fold 3") == numbered(FOLD, 3)
    assert all(step_named(step.name) == step for step in (*STEPS, *FOLD_STEPS))
    assert [step_named(name) for name in ("fold 0", "fold x", "fold", "train 2", "cut")] == [
        None,
        None,
        FOLD,
        None,
        None,
    ]
    assert [trains(name) for name in ("train", "fold 2", "fold", "folds", "gone")] == [True, True, False, False, False]
