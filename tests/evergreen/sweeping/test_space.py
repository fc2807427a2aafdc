"""evergreen.sweeping.space: which combinations a grid has, in which order, and what is said of a sweep beforehand."""

from typing import Any

import pytest

from evergreen.sections.sweep import Sweep
from evergreen.sweeping.checking import check
from evergreen.sweeping.over import given_over
from evergreen.sweeping.space import Space, notes_on

RATE, DENSE = "train.phases.0.learning_rate", "train.head.dropout"


def space(*over: str, recipe: str = "digits", **more: Any) -> Space:
    sweep = Sweep.model_validate({"recipe": recipe, "over": given_over(over), **more})
    return check(sweep.named(recipe, None, (), more.pop("remarks", ())))


def test_the_path_that_stands_last_changes_fastest() -> None:
    found = space(f"{RATE}=[0.1,0.2]", f"{DENSE}=0..0.2:0.1")
    assert [tuple(values.values()) for values in found.grid()] == [
        (0.1, 0), (0.1, 0.1), (0.1, 0.2), (0.2, 0), (0.2, 0.1), (0.2, 0.2),
    ]  # fmt: skip
    assert list(found.grid()[0]) == [RATE, DENSE]
    assert (found.combinations, found.trials) == (6, 6)


def test_fewer_trials_are_drawn_by_the_seed_and_keep_their_order() -> None:
    over = (f"{RATE}=0.001..0.4:0.001", f"{DENSE}=[0.1,0.2]")
    whole = space(*over).grid()
    some, again, other = (space(*over, trials=9, seed=seed).grid() for seed in (0, 0, 1))
    assert some == again != other
    assert some == [values for values in whole if values in some]
    assert len(some) == 9
    assert len({values[RATE] for values in some}) > 5, "not the first nine, which have one rate"
    assert space(f"{DENSE}=[0.1,0.2]", trials=9).trials == 2


def test_a_search_has_its_trials_and_no_combinations() -> None:
    found = space(f"{RATE}=1e-4..1e-2:log", f"{DENSE}=[0.1,0.2]", trials=7)
    assert (found.trials, found.combinations) == (7, None)
    with pytest.raises(ValueError, match="without a step"):
        found.grid()


def test_what_is_said_beforehand() -> None:
    found = space(
        "train.backbone=[cnn,EfficientNetB0]", "augment.rotation=0..10:4", f"{DENSE}=[0.1]",
        recipe="tsel", set=["augment.magnitude=null"], seeds="1,2",
    )  # fmt: skip
    assert list(notes_on(found)) == [
        "augment.rotation: its steps end at 8, below 10",
        "train.head.dropout: one value alone, 0.1: the same for all trials",
        "train.backbone=cnn: train.backbone is cnn in place of EfficientNetB0: the recipe's train.phases, train.head, "
        "image.height, image.width were the other's, and left out",
        "train.backbone=cnn: train has no phases: cnn brings its own (32x32 pixels, cnn, head, phases); docs/recipe.md "
        "says how to set others",
        "seeds: the recipe's own, 42, is not among 1, 2: whoever retrains the winner trains it once more",
    ]
    assert list(notes_on(space(f"{DENSE}=[0.1,0.2]", seeds=[1, 7]))) == []
    assert list(notes_on(space(f"{DENSE}=[0.1,0.2]", seeds=[7]))) == [], "the recipe's own"
    assert list(notes_on(space("train.phases.0.epochs=[3,12]", prune="successive-halving"))) == [
        "trials have 3 to 12 epochs: pruning compares them after the same share of their own, so a longer one is given "
        "more before it is judged"
    ]
    assert list(notes_on(space(f"{RATE}=0.001..0.4:0.001", trials=20, seed=3))) == [
        "20 of 400 combinations, drawn by the search's seed, 3"
    ]
