"""Whether all that a sweep tries are valid recipes, before anything runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evergreen.errors import BadRecipe
from evergreen.recipe import Recipe
from evergreen.sections.refusing.told import TRY
from evergreen.sections.sweep import Sweep, ValueRange
from evergreen.sweeping.allowed import instead, why_not
from evergreen.sweeping.dimensions import Choices, Dimension, place_in_recipe, span_of, value_at
from evergreen.sweeping.mending import as_the_field_has_it, mended
from evergreen.sweeping.over import over_line
from evergreen.sweeping.space import MOST_CHECKED, MOST_COMBINATIONS, Space
from evergreen.sweeping.telling import about_field, about_trial, is_about_the_path, shown, told
from evergreen.sweeping.values import Values, is_same, recipe_of

_MOST_TOLD = 3  # combinations
_APART = (
    "  Leave one of them out, or try whole sections, whose values are together: "
    "--over 'augment=[{rotation: 10}, {magnitude: 0.2}]'"
)


@dataclass
class _Tried:
    """What became of the values of one path, each alone.

    Attributes:
        dimension: None where they make none.
        recipes: of each value, of a range of each end; None where it is not valid with the others as the recipe has
            them.
        wrong: what is not valid, each a line in words, and maybe the line to type.
        is_final: whether no other value of another path could help.
    """

    dimension: Dimension | None = None
    recipes: list[Recipe | None] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    is_final: bool = False

    @property
    def values(self) -> tuple[Any, ...]:
        """The values that were tried."""
        one = self.dimension
        return () if one is None else one.values if isinstance(one, Choices) else (one.low, one.high)


def check(sweep: Sweep) -> Space:
    """Read every value of a sweep as a recipe, and return what it tries.

    Of a grid its combinations, up to 1,000; of a search each value of a list, and both ends of a range, with the others
    as the recipe has them.

    Raises:
        BadRecipe: the recipe is not valid, a field may not be tried, a value is not allowed, or there are too many;
            one line for each, with the line to type where one works.
    """
    base = recipe_of(sweep, {})
    tried = {path: _alone(sweep, path, values) for path, values in sweep.over.items()}
    wrong = [line for one in tried.values() for line in one.wrong]
    if any(one.is_final for one in tried.values()) or (wrong and sweep.method != "grid"):
        raise BadRecipe(told(sweep, wrong))
    if sweep.method == "grid":
        _check_together(sweep, base, tried, wrong)
    if twice := [line for path, one in tried.items() for line in _as_the_recipe_reads_them(path, one)]:
        raise BadRecipe(told(sweep, twice))
    return _space(sweep, base, tried)


def grid(sweep: Sweep) -> list[dict[str, Any]]:
    """Return the combinations of a grid, as ``Space.grid`` orders them.

    Raises:
        BadRecipe: a value is not allowed.
        ValueError: a range has no step.
    """
    return check(sweep).grid()


def _space(sweep: Sweep, base: Recipe, tried: dict[str, _Tried]) -> Space:
    dimensions = {path: one.dimension for path, one in tried.items() if one.dimension}
    recipes = [
        (path, value, recipe)
        for path, one in tried.items()
        for value, recipe in zip(one.values, one.recipes, strict=True)
        if recipe
    ]
    return Space(sweep, base, dimensions, recipes)


def _alone(sweep: Sweep, path: str, values: Any, *, mend: bool = True) -> _Tried:
    """Try each value of a path with the others as the recipe has them.

    Args:
        sweep: whose they are.
        path: dotted.
        values: as the sweep has them.
        mend: whether lines to type are looked for.
    """
    if words := why_not(path):
        line = instead(path, values if isinstance(values, tuple) else (values.low,))
        return _Tried(wrong=[f"  {path}: {words}", *([TRY + line] * bool(line))], is_final=True)
    tried = _Tried()
    place = place_in_recipe(path)
    if not isinstance(values, ValueRange):
        tried.dimension = Choices(values)
    elif place is not None:
        found = span_of(values, place)
        if isinstance(found, str):
            candidates = as_the_field_has_it(place, values) if mend else ()
            lines = (TRY + over_line(path, one) for one in candidates if _is_right(sweep, path, path, one))
            return _Tried(wrong=[f"  {path}: {found}", *list(lines)[:1]], is_final=True)
        tried.dimension = found
    for value in tried.values or (values.low, values.high):
        try:
            tried.recipes.append(recipe_of(sweep, {path: value}))
        except BadRecipe as error:
            tried.recipes.append(None)
            about_path = place is None or is_about_the_path(str(error))
            tried.wrong += about_field(path, str(error)) if about_path else about_trial({path: value}, str(error))
            if mend:
                candidates = mended(path, sweep.over[path], value, str(error))
                right = (over_line(*one) for one in candidates if _is_right(sweep, path, *one))
                tried.wrong += [TRY + line for line in right][:1]
            if about_path:  # which is wrong of every value alike
                tried.is_final = True
                break
    return tried


def _is_right(sweep: Sweep, path: str, other: str, values: Any) -> bool:
    """Whether a sweep can try values of another path in place of one, as far as that path goes."""
    over = {(other if name == path else name): (values if name == path else said) for name, said in sweep.over.items()}
    try:
        changed = sweep.trying(over)
    except ValueError:  # pydantic's is one
        return False
    return len(over) == len(sweep.over) and not _alone(changed, other, changed.over[other], mend=False).wrong


def _check_together(sweep: Sweep, base: Recipe, tried: dict[str, _Tried], wrong: Sequence[str]) -> None:
    """Try the combinations of a grid, and give each value a recipe in which it is valid.

    Args:
        sweep: whose they are.
        base: its recipe.
        tried: path -> its values, each alone.
        wrong: what is to be said of those that are not valid alone, where no combination helps.
    """
    space = _space(sweep, base, tried)
    total = space.combinations or 0
    if sweep.trials is None and total > MOST_COMBINATIONS:
        words = f"  trials: expected so many of {total:,} combinations, at most {MOST_COMBINATIONS:,}; received none"
        raise BadRecipe(told(sweep, [words, f"{TRY}--trials 100"]))
    if not wrong and [type(one) for one in space.dimensions.values()] == [Choices]:
        return  # each was read
    combinations = space.grid()[:MOST_CHECKED]
    refused: list[tuple[Values, str]] = []
    for values in combinations:
        try:
            recipe = recipe_of(sweep, values)
        except BadRecipe as error:
            refused.append((values, str(error)))
            continue
        for path, one in tried.items():
            for at, value in enumerate(one.values):
                if one.recipes[at] is None and is_same(value, values[path]):
                    one.recipes[at] = recipe
    if any(None in one.recipes for one in tried.values()):
        raise BadRecipe(told(sweep, wrong))
    if refused:
        raise BadRecipe(told(sweep, list(_about(combinations, refused))))


def _about(combinations: Sequence[Values], refused: Sequence[tuple[Values, str]]) -> Iterator[str]:
    """Yield what is to be said of combinations whose values are valid alone."""
    for values, message in refused[:_MOST_TOLD]:
        yield from about_trial(values, message)
    if len(refused) > _MOST_TOLD:
        yield f"  and {len(refused) - _MOST_TOLD:,} more of {len(combinations):,} combinations"
    for path, value in refused[0][0].items():
        rest: list[Any] = []
        for other in (values[path] for values in combinations):
            if not any(is_same(other, known) for known in (value, *rest)):
                rest.append(other)
        if rest and all(is_same(values[path], value) for values, _ in refused):
            yield TRY + over_line(path, rest)
            return
    yield _APART


def _as_the_recipe_reads_them(path: str, tried: _Tried) -> Iterator[str]:
    """Take single values as the recipe reads them (1e-4 is a number); yield what is to be said of one given twice."""
    if not isinstance(tried.dimension, Choices):
        return
    given = list(tried.dimension.values)
    read: list[Any] = []
    taken: list[Any] = []
    for number, (value, recipe) in enumerate(zip(given, tried.recipes, strict=True)):
        inside = None if recipe is None else value_at(recipe.model_dump(mode="json"), path)
        before = next((at for at, other in enumerate(read) if is_same(other, inside)), None)
        if before is not None:
            one, other = shown(given[before]), shown(value)
            yield f"  {path}: expected every value once; the recipe reads {one} and {other} as one"
            yield TRY + over_line(path, [said for at, said in enumerate(given) if at != number])
            return
        read.append(inside)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == inside
        taken.append(
            value if is_number or isinstance(value, list | dict) or isinstance(inside, list | dict) else inside
        )
    tried.dimension = Choices(tuple(taken))
