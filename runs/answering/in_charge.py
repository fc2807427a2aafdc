"""Which model is in charge: the one that answers, and is shown, unless a person names another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evergreen.datasets.labelling.words import some
from evergreen.errors import BadInput
from evergreen.recipe_files import recipe_names
from evergreen.reports.labels import class_changes
from evergreen.sections.refusing.lines import nearest_word
from evergreen.sections.refusing.told import TRY
from runs.releases import whole_parts_of
from runs.shared.bringing import champion_brought, recipes_there
from runs.summaries.summary import newest_run, output_of
from storage.artifacts import Ref
from storage.champions import Champions
from storage.runs import summaries
from storage.store import Store


@dataclass(frozen=True)
class InCharge:
    """A recipe's champion, or its newest run while it has none.

    Attributes:
        recipe: the recipe's name.
        release: SHA-256 of the champion's release; None where nobody was promoted.
        parts: what that release names, whole; empty without one.
        run: ``run.json`` of the newest run that has it; None if no such run is left. Without a champion, of the newest
            completed run.
        caution: why its answers are to be taken with care, in words: nobody was promoted, or the newest run has other
            classes; empty if neither.
    """

    recipe: str
    release: str | None
    parts: Mapping[str, Ref]
    run: dict[str, Any] | None
    caution: str = ""


def in_charge(store: Store, recipe: str | None) -> InCharge:
    """Return the champion of a recipe, or the recipe's newest completed run where nobody was promoted.

    A run that lost, or met a pinned champion, completed as well: it decides which recipe is meant, and not who answers.
    Where the store knows of no champion, the remote behind it is asked for one.

    Args:
        store: whose champion it is.
        recipe: the recipe's name; None takes that of the newest completed run.

    Raises:
        BadInput: there is neither a champion nor a completed run.
        ArtifactMissing: files of the champion are missing or damaged: no other answers in its place.
    """
    newest = newest_run(store, recipe)
    name = recipe or (newest["recipe"] if newest else None)
    told = champion_brought(store, name) if name else []
    if name and (release := Champions(store.root).current(name)):
        parts, run = whole_parts_of(store, release), _run_with(store, name, release)
        return InCharge(name, release, parts, run, _all((_beside_the_newest(store, parts["model"], newest), *told)))
    if newest is None:
        wanted = f"a trained model of recipe {recipe}" if recipe else "a trained model"
        there = _all((f"expected {wanted} in {store.root}, found none", *told))
        if recipe is None and (others := recipes_there(store)):
            raise BadInput(f"{there}; in the remote there are runs of {some(others)}: name one with --recipe")
        raise BadInput(f"{there}{_what_to_run(recipe)}")
    return InCharge(newest["recipe"], None, {}, newest, _all((without_champion(newest), *told)))


def _all(said: Iterable[str]) -> str:
    return "; ".join(filter(None, said))


def without_champion(run: Mapping[str, Any]) -> str:
    """Return what is to be said of the model of a run while its recipe has no champion.

    Args:
        run: what ``run.json`` says of it.
    """
    why = f": {found['summary']}" if (found := run.get("comparison")) else ""
    return f"{run['recipe']} has no champion; run {run['id']}, whose model this is, was not promoted{why}"


def _beside_the_newest(store: Store, model: Ref, newest: Mapping[str, Any] | None) -> str:
    """Return that the newest run has other classes than a champion's model, if it has."""
    own, others = store.manifest(model.sha256).facts.get("classes"), list((newest or {}).get("classes", ()))
    changes = class_changes(list(own), others) if own and others else None
    if newest is None or changes is None or not (changes["new"] or changes["gone"]):
        return ""
    found = [f"{what}: {some(changes[key])}" for what, key in (("new", "new"), ("gone", "gone")) if changes[key]]
    return (
        f"this is the champion of {newest['recipe']}, and its newest run {newest['id']} has other classes "
        f"({'; '.join(found)}): to ask that run's model, name it: {newest['id']}"
    )


def _what_to_run(recipe: str | None) -> str:
    """Return the line that makes a model of a recipe, or of the one that may have been meant."""
    known = recipe_names()
    near = "digits" if recipe is None else recipe if recipe in known else nearest_word(recipe, known)
    if near:
        return f"\n{TRY}evergreen retrain {near}"
    return (
        f"; no recipe here is called so: run evergreen retrain with its file, or evergreen new {recipe} --source PATH"
    )


def _run_with(store: Store, recipe: str, release: str) -> dict[str, Any] | None:
    """Return the newest completed run that has a release; else the newest: a person may promote what a run left."""
    if found := newest_run(store, recipe, release):
        return found
    return next((summary for summary in summaries(store, recipe) if output_of(summary, "bundle") == release), None)
