"""The classes of a run and what became of its folders, read from what the steps published; starts no pandas."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evergreen.datasets.deciding.decided import ALREADY, APPLIED, ASKED_AGAIN, GONE
from evergreen.decisions.decision import KEEP, LEAVE_OUT, RELABEL
from evergreen.reports.labels import IMAGES, SIDES, by_reason, class_changes, class_changes_in_words, labels_of
from evergreen.sources.several import versions_in
from evergreen.tables import UNLABELLED
from runs.releases import parts_of
from runs.run import Run
from runs.tables import DATASET, DECISIONS, SOURCES, classes_of, read_rows, table_file
from storage.artifacts import Ref
from storage.champions import Champions
from storage.errors import StoreError
from storage.store import Store

TRAIN = "train"
_COUNTED = ("split", "screen", "repair")
_COUNTED_BY = ("label", "subset", "split")
_BECAME = {ALREADY: "already", GONE: "not_here", ASKED_AGAIN: "asked_again"}


def classes_and_labels(
    store: Store, outputs: Mapping[str, Ref]
) -> tuple[dict[str, dict[str, int]], dict[str, Any] | None]:
    """Return ``classes`` and ``labels`` as ``run.json`` has them; no classes and None where repair gave nothing.

    Args:
        store: where bytes rest.
        outputs: step -> what it published.

    Returns:
        Class -> how many images each side has, or ``images`` while nothing is split; and what
        ``evergreen.reports.labels.labels_of`` returns, with ``counted``, the step after which the images were counted,
        and, once they were screened, ``quarantined``: reason -> files; ``decisions`` where people decided about
        single images, as ``_decisions`` returns it.
    """
    if "repair" not in outputs:
        return {}, None
    repaired = outputs["repair"]
    counted = next(step for step in _COUNTED if step in outputs)
    tables = (read_rows(store, repaired, f"{name}.csv") for name in ("renames", "dropped", "notes"))
    labels = {"counted": counted, **labels_of(*tables)}
    if "screen" in outputs:
        quarantine = read_rows(store, outputs["screen"], "quarantine.csv", ("reason",))
        labels["quarantined"] = by_reason(row["reason"] for row in quarantine)
    if table_file(store, repaired, DECISIONS):
        labels["decisions"] = _decisions(read_rows(store, repaired, DECISIONS))
    return _counts(store, outputs[counted], divided=counted == "split"), labels


def _decisions(rows: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """Return how many decisions there are (``made``), and what became of them.

    ``applied``: decision -> how many apply to images of this dataset; ``already``: how many say what the folders say;
    ``not_here``: how many are about images that are not in it; ``asked_again``: labels that somebody kept, and that
    are others now.
    """
    told: dict[str, Any] = {"made": 0, "applied": dict.fromkeys((RELABEL, LEAVE_OUT, KEEP), 0)}
    told |= dict.fromkeys(_BECAME.values(), 0)
    for row in rows:
        told["made"] += 1
        if row["state"] == APPLIED:
            told["applied"][row["decision"]] += 1
        else:
            told[_BECAME[row["state"]]] += 1
    return told


def _counts(store: Store, dataset: Ref, divided: bool) -> dict[str, dict[str, int]]:
    counts = {name: dict.fromkeys(SIDES if divided else (IMAGES,), 0) for name in classes_of(store, dataset)}
    for row in read_rows(store, dataset, DATASET, _COUNTED_BY):
        if row["subset"] != UNLABELLED:
            counts[row["label"]][row["split"] if divided else IMAGES] += 1
    return counts


def images_by_source(store: Store, outputs: Mapping[str, Ref]) -> list[dict[str, Any]] | None:
    """Return ``sources`` as ``run.json`` has it: what each of several sources is, and its images that are used.

    Args:
        store: where bytes rest.
        outputs: step -> what it published.

    Returns:
        Of each ``name``, ``version``, and once repair has said what is an image, how many are on each side, or
        ``images`` while nothing is split; ``share``, 0-1, of all training images, where there are any. None where a
        recipe has one source, or probe gave nothing.
    """
    facts = store.manifest(outputs["probe"].sha256).facts if "probe" in outputs else {}
    if "sources" not in facts:
        return None
    found = {name: {"name": name, "version": version} for name, version in versions_in(facts).items()}
    told: dict[str, dict[str, Any]] = {**found}
    if "repair" in outputs and table_file(store, outputs["repair"], SOURCES):
        counted = next(step for step in _COUNTED if step in outputs)
        divided = counted == "split"
        of = {row["path"]: row["source"] for row in read_rows(store, outputs["repair"], SOURCES)}
        for one in told.values():
            one |= dict.fromkeys(SIDES if divided else (IMAGES,), 0)
        for row in read_rows(store, outputs[counted], DATASET, ("path", *_COUNTED_BY)):
            if row["subset"] != UNLABELLED:
                told[of[row["path"]]][row["split"] if divided else IMAGES] += 1
        if divided and (total := sum(one[TRAIN] for one in told.values())):
            for one in told.values():
                one["share"] = round(one[TRAIN] / total, 6)
    return list(told.values())


def note_class_changes(run: Run, dataset: Ref, say: Callable[[str], object]) -> None:
    """Say how the classes of a dataset differ from those of the recipe's champion, and note it in the journal.

    Args:
        run: whose recipe it is.
        dataset: what carries the run's classes.
        say: told, in words.
    """
    try:
        changes = against_champion(run.store, run.recipe.name, dataset)
    except StoreError as error:
        say(f"whether the classes are the champion's is not known: {error}")
        return
    run.journal.class_changes = changes
    if changes:
        say(changes["summary"])


def against_champion(store: Store, recipe: str, dataset: Ref) -> dict[str, Any] | None:
    """Return how the classes of a dataset differ from those of the recipe's champion; None if they do not.

    Args:
        store: whose champion it is.
        recipe: the recipe's name.
        dataset: what carries the run's classes.

    Returns:
        ``champion``: SHA-256 of its release; ``new``, ``gone``, ``reordered``; ``summary``: what it means, in words.

    Raises:
        ArtifactMissing, ArtifactDamaged: the champion cannot be read.
    """
    champion = Champions(store.root).current(recipe)
    if champion is None:
        return None
    changes = class_changes(classes_of(store, parts_of(store, champion)["model"]), classes_of(store, dataset))
    if changes is None:
        return None
    return {"champion": champion, **changes, "summary": class_changes_in_words(changes, champion)}
