"""What a run that is to cure a recipe sets, and which run says so. Imports neither NumPy nor TensorFlow by itself."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evergreen.errors import BadInput
from evergreen.judging.advice import quoted
from evergreen.judging.cures import Cure, cures, is_costly
from evergreen.recipe import Recipe, in_full
from evergreen.sections.augment import Augment
from evergreen.sections.refusing.told import TRY
from storage.runs import summaries
from storage.store import Store

_COMPLETED = "completed"


@dataclass(frozen=True)
class Chosen:
    """What answers to what the model of a run leans on.

    Attributes:
        run: its id.
        cures: one a field, in the order of the table of shortcuts.
        summary: what that model leans on, in words.
        costly: whether anything costs it too much.
    """

    run: str
    cures: tuple[Cure, ...]
    summary: str
    costly: bool

    @property
    def sets(self) -> list[str]:
        """The ``dotted.path=value`` pairs of all, as ``--set`` takes them; none: it would be that run over again."""
        return [pair for one in self.cures for pair in one.sets] if any(one.further for one in self.cures) else []

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"run": self.run, "sets": self.sets, "cures": [one.as_json() for one in self.cures]}

    def in_words(self) -> list[str]:
        """Return what is set, or why nothing is, and which loss each answers to, a line each."""
        if self.sets:
            begins = "cure of"
        elif self.costly:
            begins = "no field is left to set against what costs too much in"
        else:
            begins = "nothing to cure in"
        return [f"{begins} run {self.run}: {self.summary}", *map(_line, self.cures)]


def _line(cure: Cure) -> str:
    sets = " ".join(f"--set {quoted(pair)}" for pair in cure.sets)
    return f"  {sets}  ({cure.why})" if sets else f"  augment.{cure.field}: {cure.why}"


def chosen(recipe: Recipe, store: Store) -> Chosen:
    """Return what a recipe is to set against what the model of its newest completed run leans on.

    What such a run was given as a cure stays, where the recipe's file does not say it.

    Args:
        recipe: with what ``--set`` replaced in it.
        store: whose runs are looked through.

    Raises:
        BadInput: no run of that recipe completed, or the newest did not measure what its model leans on.
    """
    again = as_typed(recipe)
    summary = next((one for one in summaries(store, recipe.name) if _came_to_an_end(one)), None)
    if summary is None:
        raise BadInput(
            f"--cure: expected a completed run of {recipe.name} in {store.root}, which says what its model leans on; "
            f"found none\n{TRY}{shlex.join(again)}"
        )
    found = summary["shortcuts"]
    measured = [row for row in found["changes"] if row["lost"] is not None]
    if not measured:
        more = [] if found["changes"] else ["--set", "evaluate.shortcut_images=300"]
        raise BadInput(
            f"--cure: run {summary['id']} does not say what its model leans on. {found['summary']}"
            + (f"\n{TRY}{shlex.join([*again, *more])}" if more else "")
        )
    then = Augment.model_validate(in_full(summary.get("settings", {}), ["augment"])["augment"])
    before = summary.get("cure") or {}
    kept = [one["field"] for one in before.get("cures", ()) if one["sets"]]
    most = recipe.gate.max_shortcut_loss
    costly = any(is_costly(row, most) for row in found["changes"])
    # Where nothing costs too much, what helped before is in that run, and nothing is left to be done.
    answers = cures(found["changes"], then, recipe.augment, recipe.image, most, kept) if costly else []
    return Chosen(summary["id"], tuple(answers), found["summary"], costly)


def as_typed(recipe: Recipe) -> list[str]:
    """Return the words of a retraining of a recipe as somebody asked for it: its values, its name, its source."""
    typed = recipe.typed
    sources = [word for text in typed.sources for word in ("--source", text)]
    sets = [word for pair in typed.overrides for word in ("--set", pair)]
    return ["evergreen", "retrain", typed.recipe or recipe.name, *sources, *sets]


def _came_to_an_end(summary: Mapping[str, Any]) -> bool:
    return summary["outcome"] == _COMPLETED and bool(summary.get("shortcuts"))
