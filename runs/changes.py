"""What changed since the champion: source, images, recipe, code, libraries. Asks the store; knows no Prefect."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from evergreen.datasets.changes import ImageChanges, compare_images
from evergreen.recipe import Recipe, brought_up, in_full, picked
from evergreen.sources.several import versions_in
from evergreen.step import Step
from evergreen.steps import BY_NAME, STEPS
from runs.keys import code_digests, libraries_of, teachers_of
from runs.run import Run
from runs.summaries.summary import newest_run
from runs.tables import read_table
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.keys import KeyParts, differences
from storage.steps.records import Records
from storage.store import Store


@dataclass(frozen=True)
class Baseline:
    """The model that a run is compared with.

    Attributes:
        run: id of the run that gave it.
        outputs: step -> digest of what it published in that run.
        keys: step -> the parts of its key in that run, for those that are still stored.
        settings: the recipe of that run as JSON values.
        trained: when the model was trained, UTC.
    """

    run: str
    outputs: Mapping[str, str]
    keys: Mapping[str, KeyParts]
    settings: Mapping[str, Any]
    trained: datetime

    @property
    def age_days(self) -> float:
        """How old the model is, in days."""
        return (datetime.now(UTC) - self.trained).total_seconds() / 86_400


def baseline_of(store: Store, recipe: str, champion: str | None = None) -> Baseline | None:
    """Return what the next model of a recipe is compared with, or None if there is none or its run is not kept.

    Args:
        store: whose runs they are.
        recipe: the recipe's name.
        champion: digest of the champion's release; None takes the newest completed run.
    """
    summary = newest_run(store, recipe, champion)
    return _baseline(store, summary) if summary else None


def _baseline(store: Store, summary: Mapping[str, Any]) -> Baseline | None:
    steps = {step["name"]: step for step in summary["steps"] if step["output"]}
    outputs = {name: step["output"] for name, step in steps.items()}
    records = Records(store)
    record = next((record for record in records.all("train") if record.output.sha256 == outputs.get("train")), None)
    if record is None or "settings" not in summary:
        return None  # an inspection, or its model is no longer stored
    found = {name: _stored_parts(store, step.get("key")) for name, step in steps.items()}
    keys = {name: parts for name, parts in found.items() if parts}
    return Baseline(summary["id"], outputs, keys, summary["settings"], datetime.fromisoformat(record.finished))


@dataclass(frozen=True)
class Changes:
    """What differs from a baseline.

    Attributes:
        source: the version then and now.
        recipe, code, libraries: in words, one line a difference; empty if nothing does.
        training: those of ``recipe`` that a step up to the training reads.
        images: counts, once the dataset is known.
    """

    source: tuple[str, str]
    recipe: list[str]
    code: list[str]
    libraries: list[str]
    training: list[str]
    images: ImageChanges | None = None

    def rows(self) -> dict[str, str]:
        """Return {what: how it changed, in words}."""
        before, now = self.source
        rows = {"source": "the same version" if before == now else f"{before} -> {now}"}
        if (images := self.images) is not None:
            counts = f"{images.added:,} added, {images.removed:,} removed, {images.relabelled:,} relabelled"
            rows["images"] = f"{counts}, {images.total:,} now ({images.new_share:.1%} new)"
        named = {"recipe": self.recipe, "code": self.code, "libraries": self.libraries}
        return rows | {name: "; ".join(words) or "the same" for name, words in named.items()}


def changes_since(baseline: Baseline, run: Run, token: Ref) -> Changes:
    """Compare a run with a baseline as soon as its source was asked.

    Args:
        baseline: what it is compared with.
        run: its recipe is read.
        token: what probe published.
    """
    code: dict[str, str] = {}
    libraries: dict[str, str] = {}
    for step in STEPS:
        code |= code_digests(step)
        libraries |= libraries_of(step, run.recipe) | teachers_of(step, run.recipe, run.store)
    read = set().union(*(_read_up_to(step) for step in STEPS))
    now = run.recipe.values()
    then = brought_up(in_full(baseline.settings, Recipe.model_fields), now)
    trained = _read_up_to(BY_NAME["train"])
    return Changes(
        source=_in_words(_versions(run.store, baseline.outputs.get("probe")), _versions(run.store, token.sha256)),
        recipe=differences(_parts(recipe=picked(then, read)), _parts(recipe=picked(now, read))),
        code=differences(_parts(code=_then(baseline, "code")), _parts(code=code)),
        libraries=differences(_parts(libraries=_then(baseline, "libraries")), _parts(libraries=libraries)),
        training=differences(_parts(recipe=picked(then, trained)), _parts(recipe=picked(now, trained))),
    )


def with_images(changes: Changes, baseline: Baseline, run: Run, dataset: Ref) -> Changes:
    """Return the changes with the counts of images, or as they are if the baseline's dataset is no longer stored.

    Args:
        changes: so far.
        baseline: what the run is compared with.
        run: where bytes rest.
        dataset: what split published.
    """
    try:
        kept = run.store.manifest(baseline.outputs["split"]).ref()
        return replace(changes, images=compare_images(read_table(run.store, kept), read_table(run.store, dataset)))
    except (KeyError, StoreError):
        return changes


def _read_up_to(step: Step) -> set[str]:
    """Return the sections of the recipe that a step and those above it read, but for the source and the names."""
    above = {name for other in step.inputs.values() for name in _read_up_to(BY_NAME[other])}
    return (set(step.recipe) | above) - {"source", "name", "title"}


def _then(baseline: Baseline, what: str) -> dict[str, str]:
    """Return one kind of parts of the baseline's steps, but for those of folds, which no run needs."""
    known = [parts for step, parts in baseline.keys.items() if step in BY_NAME]
    return {name: value for parts in known for name, value in getattr(parts, what).items()}


def _parts(
    recipe: Mapping[str, Any] | None = None,
    code: Mapping[str, str] | None = None,
    libraries: Mapping[str, str] | None = None,
) -> KeyParts:
    """Return one kind of the parts of all steps' keys, as if they were one step's."""
    return KeyParts("run", 0, {}, recipe or {}, code or {}, libraries or {})


def _versions(store: Store, token: str | None) -> dict[str, str]:
    """Return {source: its version}."""
    try:
        return versions_in(store.manifest(token).facts) if token else {"": "unknown"}
    except StoreError:
        return {"": "unknown"}


def _in_words(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, str]:
    """Return the version then and now; where there are several sources, of those alone that differ."""
    if len(then) == len(now) == 1:
        return next(iter(then.values())), next(iter(now.values()))
    differing = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    before, after = (
        "; ".join(f"{name} {versions[name]}".strip() for name in differing if name in versions) or "no such source"
        for versions in (then, now)
    )
    return before, after


def _stored_parts(store: Store, key: str | None) -> KeyParts | None:
    try:
        return KeyParts.parse(store.read_blob(key)) if key else None
    except StoreError:
        return None
