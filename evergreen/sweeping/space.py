"""What a sweep tries: its dimensions, its combinations, and what whoever begins it should know of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from random import Random
from typing import Any

from evergreen.recipe import Recipe
from evergreen.sections.sweep import Sweep, ValueRange
from evergreen.sweeping.dimensions import Dimension, Span
from evergreen.sweeping.over import number_text
from evergreen.sweeping.values import value_text

MOST_COMBINATIONS = 10_000  # of a grid that does not say how many
MOST_CHECKED = 1_000  # combinations that are read as recipes before anything runs


@dataclass(frozen=True)
class Space:
    """What a sweep tries.

    Attributes:
        sweep: whose it is.
        base: the recipe with what holds for every trial.
        dimensions: dotted path -> what it may be, in the sweep's order.
        recipes: of every single value, with the others as the base has them; of a range both ends.
    """

    sweep: Sweep
    base: Recipe
    dimensions: Mapping[str, Dimension]
    recipes: Sequence[tuple[str, Any, Recipe]]

    @property
    def combinations(self) -> int | None:
        """How many there are; None where a range has no step."""
        sizes = [len(one.values) for one in self.dimensions.values()]
        return prod(sizes) or None

    @property
    def trials(self) -> int:
        """How many trials are planned; each trains once a seed."""
        if self.sweep.method != "grid":
            return self.sweep.trials or 0
        return min(self.sweep.trials or MOST_COMBINATIONS, self.combinations or 0)

    def grid(self) -> list[dict[str, Any]]:
        """Return the combinations of a grid, in the order in which they are tried.

        The path that stands last changes fastest, values in the order in which they are listed. Where the sweep says
        fewer trials than there are combinations, its seed draws them, and the order stays.

        Raises:
            ValueError: a range has no step.
        """
        total = self.combinations
        if total is None:
            raise ValueError("a grid has no combinations of a range without a step")
        drawn: Iterable[int] = range(total)
        if self.trials < total:
            drawn = sorted(Random(self.sweep.seed).sample(range(total), self.trials))  # noqa: S311 - no secret
        return [self._combination(number) for number in drawn]

    def _combination(self, number: int) -> dict[str, Any]:
        found = {}
        for path in reversed(tuple(self.dimensions)):
            values = self.dimensions[path].values
            number, at = divmod(number, len(values))
            found[path] = values[at]
        return dict(reversed(found.items()))


def notes_on(space: Space) -> Iterator[str]:
    """Yield what whoever begins a sweep should know of it, in sentences."""
    sweep = space.sweep
    yield from sweep.remarks
    for path, dimension in space.dimensions.items():
        given = sweep.over[path]
        if len(dimension.values) == 1:
            yield f"{path}: one value alone, {value_text(dimension.values[0])}: the same for all trials"
        if isinstance(dimension, Span) and isinstance(given, ValueRange) and dimension.high != given.high:
            yield f"{path}: its steps end at {number_text(dimension.high)}, below {number_text(given.high)}"
    known = set(space.base.remarks)
    for path, value, recipe in space.recipes:
        for remark in recipe.remarks:
            if remark not in known:
                known.add(remark)
                yield f"{path}={value_text(value)}: {remark}"
    yield from space.base.remarks
    epochs = {sum(phase.epochs for phase in recipe.train.phases) for _, _, recipe in space.recipes}
    if sweep.prune != "none" and len(epochs) > 1:
        yield (
            f"trials have {min(epochs)} to {max(epochs)} epochs: pruning compares them after the same share of their "
            "own, so a longer one is given more before it is judged"
        )
    total = space.combinations
    if sweep.method == "grid" and total and space.trials < total:
        yield f"{space.trials:,} of {total:,} combinations, drawn by the search's seed, {sweep.seed}"
    if sweep.method == "grid" and space.trials > MOST_CHECKED:
        yield (
            f"the first {MOST_CHECKED:,} of {space.trials:,} combinations were read as recipes beforehand; one of the "
            "others that is none is a row that says so"
        )
    if sweep.seeds and space.base.seed not in sweep.seeds:
        yield (
            f"seeds: the recipe's own, {space.base.seed}, is not among {', '.join(map(str, sweep.seeds))}: whoever "
            "retrains the winner trains it once more"
        )
