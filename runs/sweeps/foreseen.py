"""What a sweep would do: how many trials, which are known already, how long the rest takes. Starts nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from evergreen.errors import BadRecipe
from evergreen.recipe import Recipe
from evergreen.steps import BY_NAME, OF_DATA, READ_OF_DATA
from evergreen.sweeping.space import Space
from evergreen.sweeping.values import Values, recipe_of
from runs.estimates import seconds_of_training
from runs.keys import key_parts
from runs.plan import plan
from runs.run import Entry
from storage.artifacts import Ref
from storage.digests import canonical_json
from storage.steps.records import Records
from storage.store import Store

# Recipe -> what its step ``train`` is given, by the names of its parameters; None where that is not known yet.
InputsOf = Callable[[Recipe], Mapping[str, Ref] | None]

_TRAIN = BY_NAME["train"]
_MINUTE = 60.0


@dataclass(frozen=True)
class Foreseen:
    """What a sweep would do.

    Attributes:
        trials: how many are planned.
        seeds: how often each is trained.
        known: trials whose trainings are all in the store; None where the search chooses as it goes.
        refused: combinations that are no valid recipe, so none of them trains.
        to_train: trainings that are not in the store; all of them where the search chooses.
        seconds: that these take one after the other; None where nobody knows.
        recipe: the recipe's name.
        parallel: how many run at once.
        budget_minutes: after which no trial begins; None without.
        prunes: whether trials may end early.
    """

    trials: int
    seeds: int
    known: int | None
    refused: int
    to_train: int
    seconds: float | None
    recipe: str
    parallel: int = 1
    budget_minutes: float | None = None
    prunes: bool = False

    @property
    def minutes(self) -> float | None:
        """Minutes of what is not in the store, one after the other, up to the budget; None where nobody knows."""
        if self.seconds is None:
            return None
        minutes = round(self.seconds / _MINUTE, 2)
        return minutes if self.budget_minutes is None else min(minutes, self.budget_minutes)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**self.__dict__, "minutes": self.minutes, "estimate": self.in_words()}

    def in_words(self) -> str:
        """Return it in a sentence or two."""
        times = f", each with {self.seeds} seeds" if self.seeds > 1 else ""
        known = "which of them are known is seen as they are chosen" if self.known is None else f"{self.known} known"
        refused = f", {self.refused} no valid recipe" if self.refused else ""
        told = f"{_counted(self.trials, 'trial')}{times}: {known}{refused}; {_counted(self.to_train, 'training')} to do"
        return f"{told}. {self._time_in_words()}" if self.to_train else f"{told}, at once"

    def _time_in_words(self) -> str:
        budget = "" if self.budget_minutes is None else f"; none begins after {self.budget_minutes:g} minutes"
        if self.seconds is None:
            return f"How long is not known: no training of {self.recipe} ran in this store{budget}"
        minutes = self.seconds / _MINUTE
        least = f"{minutes / min(self.parallel, self.to_train):.1f} to " if self.parallel > 1 < self.to_train else ""
        less = ", less what is pruned" if self.prunes else ""
        return f"About {least}{minutes:.1f} minutes, by what trainings took before{less}{budget}"


def foresee(
    space: Space, trials: Sequence[Values] | None, store: Store, inputs_of: InputsOf, also: Iterable[str] = ()
) -> Foreseen:
    """Return what a sweep would do.

    Args:
        space: what it tries.
        trials: the values of each trial; None where a search chooses them as it goes.
        store: whose records are asked.
        inputs_of: what a training is given, such as ``inputs_by_plan`` finds.
        also: pairs that every trial has beside its values, such as ``train.threads=2``.
    """
    sweep, records, more = space.sweep, Records(store), list(also)
    trained = list(records.all("train"))
    seeds = sweep.seeds or (None,)
    known = refused = 0
    seconds: list[float | None] = []
    for values in trials or ():
        try:
            recipes = [recipe_of(sweep, values, seed, more) for seed in seeds]
        except BadRecipe:
            refused += 1
            continue
        keys = [key_of(recipe, space.base.seed, store, inputs_of) for recipe in recipes]
        known_keys = [key is not None and records.read(key) is not None for key in keys]
        missing = [recipe for recipe, there in zip(recipes, known_keys, strict=True) if not there]
        known += not missing
        seconds += [seconds_of_training(recipe, trained) for recipe in missing]
    if trials is None:
        tried = [recipe for _, _, recipe in space.recipes] or [space.base]
        guesses = [guess for recipe in tried if (guess := seconds_of_training(recipe, trained)) is not None]
        seconds = [median(guesses) if guesses else None] * (space.trials * len(seeds))
    guessed = [one for one in seconds if one is not None]
    return Foreseen(
        trials=space.trials if trials is None else len(trials),
        seeds=len(seeds),
        known=None if trials is None else known,
        refused=refused,
        to_train=len(seconds),
        seconds=sum(guessed) if len(guessed) == len(seconds) else None,
        recipe=space.base.name,
        parallel=sweep.parallel,
        budget_minutes=sweep.budget_minutes,
        prunes=sweep.prune != "none",
    )


def inputs_by_plan(store: Store) -> InputsOf:
    """Return what tells the inputs of a training by what a plan reuses: the source is asked, nothing runs.

    Recipes that divide and weigh their images alike are asked about once.
    """
    found: dict[bytes, Mapping[str, Ref] | None] = {}

    def inputs_of(recipe: Recipe) -> Mapping[str, Ref] | None:
        what = canonical_json(recipe.choices(READ_OF_DATA))
        if what not in found:
            refs = inputs_in(plan(recipe, store, OF_DATA))
            found[what] = refs if len(refs) == len(_TRAIN.inputs) else None
        return found[what]

    return inputs_of


def inputs_in(entries: Iterable[Entry]) -> dict[str, Ref]:
    """Return what a training is given of what steps gave, as far as they did."""
    outputs = {entry.name: entry.output for entry in entries}
    return {name: ref for name, step in _TRAIN.inputs.items() if (ref := outputs.get(step))}


def key_of(recipe: Recipe, seed: int, store: Store, inputs_of: InputsOf) -> str | None:
    """Return the key of a recipe's training on images divided by a seed; None if what it is given is not known."""
    inputs = inputs_of(recipe.model_copy(update={"seed": seed}))
    return None if inputs is None else key_parts(_TRAIN, recipe, store, inputs).key


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
