"""New images of a dataset, files, or a log against the reference of a model, as values of ``run.json``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evergreen.datasets.splitting.units import grouped
from evergreen.drifting.drift import THRESHOLD, drift
from evergreen.drifting.logs import Log, told_so
from evergreen.drifting.reference import Known, Reference, sampled
from evergreen.recipe import Recipe
from evergreen.sections.data import Image
from evergreen.sections.split import FOLDER
from evergreen.sources.given import Given
from evergreen.vision.drift import looked_at, seen
from runs.answering.reading import screen_of
from runs.drifting.kept import known_images, reference_of
from runs.kept.caches import images_of
from runs.keys import fingerprint_of
from runs.model_file import MODEL
from runs.run import Run
from runs.tables import range_in, read_groups, read_table
from storage.artifacts import Ref
from storage.digests import canonical_json, sha256_bytes
from storage.runs import summaries
from storage.store import Store

NOT_COMPARED = "not compared"
_CODE = ("evergreen.drifting.drift:drift", "evergreen.vision.drift:seen")
_LIBRARIES = ("numpy", "scipy", "tensorflow", "keras", "opencv-python-headless")
# So many runs back an equal comparison is looked for.
_LOOKED_BACK = 50


@dataclass(frozen=True)
class Model:
    """The model whose images new ones are held against.

    Attributes:
        run: id of the run that gave it, if it is known.
        model: SHA-256 of what train gave.
        dataset: SHA-256 of what split gave.
    """

    run: str | None
    model: str
    dataset: str


@dataclass(frozen=True)
class Divided:
    """A dataset that may hold new images: what split, screen and repair published."""

    dataset: Ref
    screened: Ref
    repaired: Ref


def threshold_of(recipe: Recipe) -> float:
    """Return the p-value below which it is drift: the recipe's, or 0.01."""
    return THRESHOLD if recipe.retrain_when.drift is None else recipe.retrain_when.drift


def not_compared(why: str, model: Model | None = None) -> dict[str, Any]:
    """Return that nothing was compared, and why."""
    about = {"run": model.run, "model": model.model} if model else {}
    return {"verdict": NOT_COMPARED, "p": None, "words": f"New images were not compared: {why}.", **about}


def of_dataset(run: Run, model: Model, divided: Divided, say: Callable[[str], None]) -> dict[str, Any]:
    """Hold the images of a dataset that a model's run had not seen against its reference.

    An equal comparison of an earlier run is taken as it is: whoever changes nothing asks no network.

    Args:
        run: its store, its recipe.
        model: what is compared with.
        divided: the dataset.
        say: told, in words, what goes on.

    Returns:
        What docs/run-json.md calls ``drift``.
    """
    store, recipe = run.store, run.recipe
    if not recipe.retrain_when.drift_images:
        return not_compared("retrain_when.drift_images is 0", model)
    seen_before = known_images(store, model.dataset)
    if seen_before is None:
        return not_compared("which images the earlier model knows is no longer stored", model)
    table = read_table(store, divided.dataset).sort_values("path", ignore_index=True)
    table = table[~table["sha256"].isin(seen_before)].drop_duplicates("sha256").reset_index(drop=True)
    if table.empty:
        return not_compared("there are none", model)
    found = reference_of(store, model.model)
    if found is None:
        return not_compared(
            "there is no reference yet: the next training, or the next run of this model's, keeps one", model
        )
    ref, reference = found
    bits = int(store.manifest(divided.screened.sha256).facts["near_duplicate_bits"])
    units = grouped(table, read_groups(store, divided.repaired, recipe.split.group), bits)
    chosen = sampled(units, recipe.retrain_when.drift_images, recipe.seed)
    new, table, units = len(table), table.iloc[chosen].reset_index(drop=True), units[chosen]
    key = _key(ref, table["sha256"], units, threshold_of(recipe), recipe.seed)
    if earlier := _earlier(store, recipe.name, key):
        return earlier
    say(f"{new:,} new images: {len(table):,} of them are held against those that the model before was judged by")
    facts = store.manifest(model.model).facts
    with store.workspace() as folder:
        store.materialise(store.manifest(model.model).ref(), folder)
        images, image = images_of(run, range_in(facts)), Image.model_validate(facts["image"])
        known = seen(table, units, images, reference.classes, image, folder / MODEL)
    paths, digests = list(table["path"]), list(table["sha256"])
    told = _told(reference, known, recipe, lambda at: {"image": paths[at], "sha256": digests[at]})
    return told | {"new": new, "run": model.run, "model": model.model, "reference_artifact": ref.sha256, "key": key}


def of_files(
    store: Store, recipe: Recipe, model: Model, reference: Reference, given: Sequence[Given], most: int
) -> dict[str, Any]:
    """Hold files against the reference of a model.

    Where the reference's images are in groups, the files of one folder are a group, too.

    Args:
        store: where the model is.
        recipe: its threshold and seed are read.
        model: which answers.
        reference: of the model.
        given: the files.
        most: how many are looked at, drawn by the recipe's seed.
    """
    in_groups = len(np.unique(reference.known.units)) < len(reference.known) and FOLDER in (recipe.split.group or ())
    names = [str(Path(one.name).parent) if in_groups else one.name for one in given]
    units = np.unique(names, return_inverse=True)[1]
    chosen = sampled(units, most, recipe.seed)
    facts, seen_before = store.manifest(model.model).facts, known_images(store, model.dataset)
    digests: dict[int, str] = {}

    def read(at: int) -> bytes:
        data = given[at].read()
        digests[at] = sha256_bytes(data)
        return data

    with store.workspace() as folder:
        store.materialise(store.manifest(model.model).ref(), folder)
        looked = looked_at(
            [lambda at=int(at): read(at) for at in chosen],  # type: ignore[misc]
            units[chosen],
            reference.classes,
            Image.model_validate(facts["image"]),
            screen_of(store, model.model, model.dataset),
            folder / MODEL,
        )
    own = [int(chosen[at]) for at in looked.at]
    once = {digests[at]: place for place, at in reversed(list(enumerate(own)))}
    kept = sorted(place for digest, place in once.items() if digest not in (seen_before or ()))
    known = looked.known.at(np.array(kept, np.int64))
    told = _told(reference, known, recipe, lambda at: {"image": given[own[kept[at]]].name})
    told |= {"new": len(given), "run": model.run, "model": model.model}
    learned = sum(digest in (seen_before or ()) for digest in once)
    for count, what in (
        (len(looked.bad), "cannot be used as images, and were left out"),
        (learned, "are among the images of the model's own run, and were left out"),
        (len(own) - len(once), "are there twice, and were counted once"),
        (len(given) - len(chosen), "were not looked at: the others were drawn by seed"),
    ):
        if count:
            told["notes"].append(f"{count:,} files {what}")
    if seen_before is None:
        told["notes"].append("which images the model knows is no longer stored: some of these may be among them")
    return told


def of_log(
    recipe: Recipe, model: Model, reference: Reference, log: Log, known: Sequence[str] | None = None
) -> dict[str, Any]:
    """Hold a log of answers against the reference of a model: by probabilities alone.

    Args:
        recipe: its threshold and seed are read.
        model: whose answers they are taken for.
        reference: of the model.
        log: as ``read_log`` returns it.
        known: what is known of whose answers they are, a sentence each; None if nothing is, which is said.
    """
    reference = told_so(reference, log.top)
    told = _told(reference, log.known, recipe, lambda at: {"image": log.names[at]})
    told |= {"new": len(log.names) + log.passed_over, "run": model.run, "model": model.model}
    if log.top < len(reference.classes):
        told["notes"].append(
            f"the log names {log.top} of {len(reference.classes)} classes a row; the others' share is taken as even, "
            "there and in the reference: evergreen predict --top writes more"
        )
    if log.passed_over:
        told["notes"].append(f"{log.passed_over:,} rows have no answer, and were left out")
    unknown = "the log is taken for this model's answers to images that it had not seen: nobody can check that"
    told["notes"] += [unknown] if known is None else known
    return told


def _told(reference: Reference, known: Known, recipe: Recipe, named: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    return drift(reference, known, threshold_of(recipe), recipe.seed).as_json(named)


def _key(ref: Ref, digests: Sequence[str], units: np.ndarray, threshold: float, seed: int) -> str:
    """Return one SHA-256 for all that decides a comparison."""
    code = [fingerprint_of(core, _LIBRARIES) for core in _CODE]
    parts = {"reference": ref.sha256, "images": list(digests), "units": units.tolist()}
    return sha256_bytes(canonical_json({**parts, "code": code, "threshold": threshold, "seed": seed}))


def _earlier(store: Store, recipe: str, key: str) -> dict[str, Any] | None:
    """Return what one of the last runs of a recipe found by an equal comparison, or None."""
    for _, summary in zip(range(_LOOKED_BACK), summaries(store, recipe), strict=False):
        found: Mapping[str, Any] | None = summary.get("drift")
        if found and found.get("key") == key:
            return {"first": summary["id"], **found}
    return None
