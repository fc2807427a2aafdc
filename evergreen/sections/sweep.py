"""What a sweep tries: values of a recipe, how they are searched, and for how long."""

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from evergreen.sections.base import Section
from evergreen.sections.refusing.expected import flow, received

Method = Literal["grid", "random", "tpe"]
Prune = Literal["none", "successive-halving"]

# How pydantic calls the two forms of a path's values in an error's location; no word of a sweep's.
FORMS = ("some values", "a range")
_MOST_VALUES, _MOST_PATHS, _MOST_TRIALS, _MOST_SEEDS = 1000, 20, 10_000, 20
_MOST_STEPS = 10_000  # each is a number that is kept
_LARGEST_SEED = 2**31 - 1
_HOW = "a list, as [0.1, 0.2], or a range, as {low: 0.1, high: 0.5}"


class ValueRange(Section):
    """Numbers between two ends, both among them; whole numbers where the recipe's field is one."""

    low: float = Field(description="The least.")
    high: float = Field(description="The greatest.")
    log: bool = Field(
        False, description="Drawn evenly by its logarithm: as many from 0.001 to 0.01 as from 0.01 to 0.1."
    )
    step: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Only low and what lies so many steps above it; null: any number, which a grid cannot have."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        ends = f"low: {flow(self.low)} and high: {flow(self.high)}"
        if self.low >= self.high:
            raise ValueError(f"expected low below high; received {ends}")
        if self.log and self.low <= 0:
            raise ValueError(f"expected low above 0 with log: true; received {ends}")
        if self.log and self.step is not None:
            raise ValueError(f"expected either log: true or a step; received both, log and step: {flow(self.step)}")
        if self.step is not None and self.step > self.high - self.low:
            raise ValueError(f"expected a step that fits between {ends}; received step: {flow(self.step)}")
        if self.step is not None and (self.high - self.low) / self.step >= _MOST_STEPS:
            raise ValueError(
                f"expected a step that makes at most {_MOST_STEPS:,} values between {ends}; received step: "
                f"{flow(self.step)}"
            )
        return self


def _is_one_of_the_forms(given: Any) -> Any:
    if not isinstance(given, list | tuple | Mapping | ValueRange) or not given:
        raise ValueError(f"expected {_HOW}; received {received(given)}")
    if isinstance(given, list | tuple) and len(given) > _MOST_VALUES:
        raise ValueError(f"expected at most {_MOST_VALUES:,} values; received {len(given):,}")
    return given


def _is_plain(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse what JSON does not have: dates, numbers that are not finite."""
    for value in values:
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise ValueError(f"expected plain values of YAML; received {received(value)}") from None
    said = [json.dumps(value, sort_keys=True) for value in values]
    for number, text in enumerate(said):
        if said.index(text) != number:
            raise ValueError(f"expected every value once; received {flow(values[number])} twice")
    return values


def _without_default(schema: dict[str, Any]) -> None:
    """Take a default out of a schema that only holds of some sweeps."""
    del schema["default"]


Values = Annotated[
    Annotated[tuple[Any, ...], Field(min_length=1, max_length=_MOST_VALUES), AfterValidator(_is_plain), Tag(FORMS[0])]
    | Annotated[ValueRange, Tag(FORMS[1])],
    Discriminator(lambda given: FORMS[isinstance(given, Mapping | ValueRange)]),
    BeforeValidator(_is_one_of_the_forms),
]
Seed = Annotated[int, Field(ge=0, le=_LARGEST_SEED)]


class Sweep(Section):
    """Everything that one sweep needs to know beside its recipe."""

    recipe: str = Field(min_length=1, description="Whose values are tried: a name in recipes/, or the path of a file.")
    title: str = Field("", max_length=120, description="One line for people; without, the recipe's.")
    set: tuple[str, ...] = Field(
        (), max_length=100, description="Values that hold for every trial: PATH=VALUE, as --set takes them."
    )
    over: dict[str, Values] = Field(
        description="What is tried, by the dotted path of the recipe's field: a list, or a range.",
        json_schema_extra={"minProperties": 1, "maxProperties": _MOST_PATHS},
    )
    method: Method = Field(
        "grid",
        description="grid: every combination; random: drawn; tpe: drawn near what did well (Bergstra et al. 2011). "
        "Without: grid, or tpe where a range has no step.",
        json_schema_extra=_without_default,
    )
    trials: int | None = Field(
        None,
        ge=1,
        le=_MOST_TRIALS,
        description="How many trials: random and tpe need it; of a grid so many combinations, drawn by the seed.",
    )
    prune: Prune = Field(
        "none",
        description="successive-halving: a trial ends early that is behind the others after as many epochs "
        "(Li et al. 2020, arXiv:1810.05934).",
    )
    budget_minutes: float | None = Field(
        None, gt=0, le=10_080, description="Minutes after which no trial begins; those that run come to their end."
    )
    parallel: int = Field(1, ge=1, le=64, description="Trials that run at once, each in a process of its own.")
    seeds: tuple[Seed, ...] = Field(
        (),
        max_length=_MOST_SEEDS,
        description="Each combination is trained once a seed, and judged by the mean; without, the recipe's own seed.",
    )
    seed: int = Field(0, ge=0, le=_LARGEST_SEED, description="Seed of the search; not of any training.")

    _name: str = PrivateAttr("")
    _file: Path | None = PrivateAttr(None)
    _sources: tuple[str, ...] = PrivateAttr(())
    _remarks: tuple[str, ...] = PrivateAttr(())

    @property
    def name(self) -> str:
        """What it is called: its file's name, or the recipe's where a command line alone says it."""
        return self._name

    @property
    def file(self) -> Path | None:
        """Where it stands; None where a command line alone says it."""
        return self._file

    @property
    def sources(self) -> tuple[str, ...]:
        """What replaces the recipe's source, as ``--source`` takes it; none where nothing does."""
        return self._sources

    @property
    def remarks(self) -> tuple[str, ...]:
        """What whoever began it should know of how it was read."""
        return self._remarks

    def named(
        self, name: str, file: Path | None = None, sources: Sequence[str] = (), remarks: Sequence[str] = ()
    ) -> Self:
        """Return it with what a file does not say of itself."""
        found = self.model_copy()
        found._name, found._file, found._sources, found._remarks = name, file, tuple(sources), tuple(remarks)
        return found

    def trying(self, over: Mapping[str, Any]) -> Self:
        """Return one that tries other values.

        Raises:
            ValidationError: it cannot.
        """
        found = type(self).model_validate(self.model_dump() | {"over": dict(over)})
        return found.named(self._name, self._file, self._sources, self._remarks)

    @model_validator(mode="before")
    @classmethod
    def _ranges_are_searched(cls, values: Any) -> Any:
        """Fill in the method: a grid has no combinations of what has no step."""
        over = values.get("over") if isinstance(values, Mapping) else None
        if isinstance(over, Mapping) and "method" not in values and any(map(_is_open, over.values())):
            return {**values, "method": "tpe"}
        return values

    @field_validator("set", mode="before")
    @classmethod
    def _one_is_a_list_of_one(cls, value: Any) -> Any:
        value = (value,) if isinstance(value, str) else value
        if not isinstance(value, list | tuple) or not all(isinstance(pair, str) for pair in value):
            raise ValueError(f"expected a list of PATH=VALUE, as [train.weights=none]; received {received(value)}")
        return value

    @field_validator("over", mode="before")
    @classmethod
    def _is_by_path(cls, over: Any) -> Any:
        if not isinstance(over, Mapping) or not over:
            raise ValueError(
                f"expected what is tried, by the path of the recipe's field: PATH with {_HOW}; received "
                f"{received(over)}"
            )
        return over

    @field_validator("seeds", mode="before")
    @classmethod
    def _numbers_with_commas_are_a_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(number.strip() for number in value.split(","))
        return (value,) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("over")
    @classmethod
    def _each_field_is_tried_in_one_way(cls, over: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if len(over) > _MOST_PATHS:
            raise ValueError(f"expected at most {_MOST_PATHS} fields of the recipe; received {len(over)}")
        for one, other in combinations(over, 2):
            if lies_in(one, other) or lies_in(other, one):
                outer, inner = sorted((one, other), key=len)
                raise ValueError(f"expected fields apart from each other; received {inner}, which is in {outer}")
        for pair in info.data.get("set", ()):
            path = pair.partition("=")[0].strip()
            if inside := [tried for tried in over if lies_in(path, tried)]:
                raise ValueError(
                    f"expected no field that set has, for {inside[0]} replaces it; received {path} in both"
                )
        return over

    @field_validator("method")
    @classmethod
    def _a_grid_has_values(cls, method: Method, info: ValidationInfo) -> Method:
        ranges = [path for path, values in info.data.get("over", {}).items() if _is_open(values)]
        if method == "grid" and ranges:
            raise ValueError(
                f"expected random or tpe where a range has no step ({', '.join(ranges)}), or a step, or a list; "
                "received grid"
            )
        return method

    @field_validator("trials")
    @classmethod
    def _a_search_ends(cls, trials: int | None, info: ValidationInfo) -> int | None:
        method = info.data.get("method", "grid")
        if trials is None and method != "grid":
            raise ValueError(f"expected a whole number of 1 or more with method: {method}; received none")
        return trials

    @field_validator("seeds")
    @classmethod
    def _each_seed_once(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"expected every seed once; received {', '.join(map(str, seeds))}")
        return seeds


def lies_in(path: str, other: str) -> bool:
    """Whether a dotted path is another one, or lies in it."""
    return path == other or path.startswith(f"{other}.")


def sweep_schema() -> str:
    """Return the JSON schema of a sweep's file as text, for editors."""
    schema = Sweep.model_json_schema() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _is_open(values: Any) -> bool:
    """Whether values, maybe not validated, are a range without a step."""
    if isinstance(values, ValueRange):
        return values.step is None
    return isinstance(values, Mapping) and values.get("step") is None
