"""runs.sweeps.foreseen: what of a sweep is known, and how long the rest takes, by the records of a store."""

from collections.abc import Mapping

from releases import leave_record
from trainings import WHOLE, inputs_of_train, make_model

from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.space import Space
from runs.keys import key_parts
from runs.plan import plan
from runs.sweeps.foreseen import Foreseen, foresee, inputs_by_plan
from storage.artifacts import Ref
from storage.store import Store

DROPOUT = "train.head.dropout"
TRAIN = BY_NAME["train"]


def space(*over: str, **options: object) -> Space:
    return check(load_sweep("digits", over or [f"{DROPOUT}=[0,0.2,0.4]"], ["train.phases.0.epochs=5"], options=options))


def train(store: Store, recipe: Recipe, seconds: float | None = None) -> None:
    """Leave what a training of a recipe would, maybe with the seconds and settings that are in its record."""
    parts = key_parts(TRAIN, recipe, store, inputs_of_train(store))
    if seconds is None:
        make_model(store, parts, WHOLE)
    else:
        output = store.publish("model", {"model.keras": b"m"})
        leave_record(store, parts, output, seconds=seconds, recipe=recipe.name, settings=recipe.sections(TRAIN.recipe))


def test_trials_that_were_trained_are_known_and_the_others_take_as_long_as_they_took(store: Store) -> None:
    inputs, found = inputs_of_train(store), space()
    before = foresee(found, found.grid(), store, lambda _: inputs)
    assert (before.trials, before.known, before.to_train, before.minutes) == (3, 0, 3, None)
    assert before.in_words() == (
        "3 trials: 0 known; 3 trainings to do. How long is not known: no training of digits ran in this store"
    )
    train(store, load_recipe("digits", ["train.phases.0.epochs=5", f"{DROPOUT}=0.2"]), 30)
    train(store, load_recipe("digits", ["train.phases.0.epochs=10"]), 120)
    after = foresee(found, found.grid(), store, lambda _: inputs)
    assert (after.known, after.to_train, after.seconds) == (1, 2, 2 * 45), "the median of 30, and of half of 120"
    assert after.in_words() == "3 trials: 1 known; 2 trainings to do. About 1.5 minutes, by what trainings took before"
    assert foresee(found, found.grid(), store, lambda _: None).known == 0, "what its images are is not known yet"
    threads = foresee(found, found.grid(), store, lambda _: inputs, ["train.threads=3"])
    assert threads.known == 0, "another number of threads is another key"
    for dropout in (0, 0.4):
        train(store, load_recipe("digits", ["train.phases.0.epochs=5", f"{DROPOUT}={dropout}"]))
    whole = foresee(found, found.grid(), store, lambda _: inputs)
    assert (whole.known, whole.minutes, whole.in_words()) == (3, 0, "3 trials: 3 known; 0 trainings to do, at once")


def test_of_several_seeds_a_trial_is_known_once_all_are(store: Store) -> None:
    inputs, found = inputs_of_train(store), space(seeds="1,2", parallel=2)
    for seed, dropout in ((1, 0), (2, 0), (1, 0.2)):
        train(store, load_recipe("digits", ["train.phases.0.epochs=5", f"{DROPOUT}={dropout}", f"seed={seed}"]), 60)
    told = foresee(found, found.grid(), store, lambda _: inputs)
    assert (told.known, told.to_train, told.seconds) == (1, 3, 180)
    assert told.in_words() == (
        "3 trials, each with 2 seeds: 1 known; 3 trainings to do. About 1.5 to 3.0 minutes, by what "
        "trainings took before"
    )


def test_a_search_chooses_as_it_goes(store: Store) -> None:
    train(store, load_recipe("digits", ["train.phases.0.epochs=5"]), 60)
    found = space(f"{DROPOUT}=0..0.4", trials=8, budget_minutes=5, prune="successive-halving")
    told = foresee(found, None, store, lambda _: None)
    assert (told.trials, told.known, told.to_train, told.minutes) == (8, None, 8, 5)
    assert told.as_json()["estimate"] == (
        "8 trials: which of them are known is seen as they are chosen; 8 trainings to do. About 8.0 minutes, by what "
        "trainings took before, less what is pruned; none begins after 5 minutes"
    )


def test_a_combination_that_no_recipe_can_have_trains_nothing(store: Store) -> None:
    told = foresee(space(), [{DROPOUT: 0}, {DROPOUT: 2}], store, lambda _: inputs_of_train(store))
    assert (told.trials, told.refused, told.to_train) == (2, 1, 1)
    assert "2 trials: 0 known, 1 no valid recipe; 1 training to do" in told.in_words()
    assert isinstance(told, Foreseen)


def test_what_a_training_is_given_is_found_by_what_is_reused(store: Store) -> None:
    recipe, outputs = load_recipe("digits"), dict[str, Ref]()
    assert inputs_by_plan(store)(recipe) is None
    outputs["probe"] = _output_of_probe(recipe, store)
    for name in ("acquire", "unpack", "repair", "screen", "split", "balance"):
        step = BY_NAME[name]
        inputs = {parameter: outputs[above] for parameter, above in step.inputs.items()}
        outputs[name] = store.publish(name, {f"{name}.csv": b""})
        leave_record(store, key_parts(step, recipe, store, inputs), outputs[name])
    found = inputs_by_plan(store)
    expected: Mapping[str, Ref] = {"dataset": outputs["split"], "weights": outputs["balance"]}
    assert found(recipe) == expected
    assert found(load_recipe("digits", ["train.head.dropout=0.1"])) is found(recipe), "asked once"
    assert found(load_recipe("digits", ["balance.weights=none"])) is None, "its weights are others"


def _output_of_probe(recipe: Recipe, store: Store) -> Ref:
    (entry,) = plan(recipe, store, [BY_NAME["probe"]])
    assert entry.output is not None
    return entry.output
