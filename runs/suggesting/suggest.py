"""What to label next of a recipe: its unlabelled images or a folder's, judged by the model in charge or by a probe."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from evergreen.errors import BadInput, EvergreenError
from evergreen.recipe import Recipe
from evergreen.sections.base import Range
from evergreen.sections.data import Image
from runs.answering.model_meant import Meant, model_meant, opened_keras
from runs.answering.reading import screen_of
from runs.kept.caches import images_of
from runs.run import Run
from runs.serving.feedback.log import Log
from runs.suggesting.images import WHERE_THEY_LIE, Dataset, Found, dataset_of, folder_of, read_file
from runs.tables import CALIBRATION, read_json
from storage.errors import StoreError
from storage.store import Store

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST = 5000  # images that are looked at: likeness is a table of all by all


@dataclass(frozen=True)
class Suggestions:
    """What to label next.

    Attributes:
        table: as ``evergreen.suggesting.suggested.COLUMNS``, one row an image, the most telling first.
        asked: how many were asked for.
        among: how many images were looked at.
        judged_by: who said how sure each is, in words.
        compared_by: what they were compared by, in words.
        notes: what a person should know, a sentence each.
        classes: class names in order.
        values: ``screen.range``.
        read: gives the bytes for a SHA-256.
        in_dataset: whether all of them are images of the recipe's dataset, so that a label would count.
        log: whose pictures these are, where a service kept them: a label would confirm them.
    """

    table: "pd.DataFrame"
    asked: int
    among: int
    judged_by: str
    compared_by: str
    notes: list[str]
    classes: list[str]
    values: Range | None
    read: Callable[[str], bytes]
    in_dataset: bool
    log: Log | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values: asked, among, judged_by, compared_by, notes, classes, suggestions."""
        names = ("asked", "among", "judged_by", "compared_by", "notes", "classes")
        rows = [{name: value for name, value in row.items() if name not in ("kind", "label")} for row in self.rows()]
        return {name: getattr(self, name) for name in names} | {
            "suggestions": [row | {name: row[name] or None for name in ("suggested", "confidence")} for row in rows]
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows, as ``ask_a_person`` takes them."""
        return [{str(name): value for name, value in row.items()} for row in self.table.to_dict("records")]


def suggest(
    recipe: Recipe,
    store: Store,
    count: int,
    folder: str | None,
    say: Callable[[str], None],
    *,
    to_label: bool = False,
) -> Suggestions:
    """Choose what to label next. Runs no step and writes nothing but caches.

    Args:
        recipe: as it was asked for, with what is decided by now.
        store: its images, features and champion.
        count: how many; fewer are where there are fewer.
        folder: where to choose from; None takes the dataset's images without a label.
        say: told what is found out on the way.
        to_label: somebody will label them: only images of the dataset, for a label of another is read by no run.

    Raises:
        BadInput: no run has looked at the recipe's images yet; or there is nothing to label.
        StoreError: what is stored cannot be read.
    """
    from evergreen.images.pixels import stratified_sample
    from evergreen.suggesting.suggested import candidates, compared, probe, suggested
    from evergreen.vision.diagnose import see

    data = dataset_of(recipe, store)
    notes = list(data.notes)
    found = folder_of(folder, recipe, store) if folder else None
    free = _of_folder(found, data, str(folder), notes, to_label=to_label) if found else data.unlabelled
    if free.empty and found is None:
        raise BadInput(
            f"the dataset of {recipe.name} has no images without a label"
            f"{' about which nobody decided' * bool(data.decided)}: put some in the source ({WHERE_THEY_LIE}), or "
            "name a folder with --from FOLDER"
        )
    kept = candidates(free, data.labelled)
    notes += _left_out(kept.copies, kept.labelled)
    table = kept.table
    if table.empty:
        raise BadInput(f"nothing is left to label: {'; '.join(notes)}")
    if len(table) > MOST:
        notes.append(f"of {len(table):,} images {MOST:,} were looked at, drawn by the recipe's seed")
        table = table.sample(MOST, random_state=recipe.seed).sort_values("path", ignore_index=True)
    read = partial(_read, store, found.paths if found else {})
    by_model = _by_the_model(recipe, store, data, table, read)
    notes += by_model.notes
    table, scores = table[by_model.usable].reset_index(drop=True), by_model.scores
    if table.empty:
        raise BadInput(f"nothing is left to label: {'; '.join(notes)}")
    known = stratified_sample(data.labelled, MOST, recipe.seed)
    if len(known) < len(data.labelled):
        notes.append(f"of {len(data.labelled):,} images with a label they were compared with {len(known):,}")
    images = replace(images_of(Run.new(store, recipe), data.values), read=read)
    columns = ["path", "sha256", "width", "height"]
    seen = see(images, recipe, say, _stacked(table, known, columns))
    notes += seen.notes
    features = compared(seen.features)
    own, others = features[: len(table)], features[len(table) :]
    classes, judged_by = by_model.classes, by_model.words
    if scores is None:
        learns = (known["split"] != "validation") & (known["split"] != "test")
        classes = data.classes
        scores = probe(others[learns.to_numpy()], list(known["label"][learns]), own, classes)
        judged_by = (
            f"logistic regression on {int(learns.sum()):,} images with a label, over what images are compared by; "
            f"{by_model.words}"
            if scores is not None
            else "nobody: fewer than two classes have images with a label, so only what differs most counts"
        )
    chosen = suggested(table, own, others, scores, classes, count, data.bits)
    chosen["suggested"] = [name if name in data.classes else "" for name in chosen["suggested"]]
    if len(chosen) < count:
        alike = "; near-duplicates of those are left out" if len(chosen) < len(table) else ""
        notes.append(f"{count:,} were asked for, there are {len(chosen):,}{alike}")
    in_dataset = found is None or bool(chosen["sha256"].isin(data.unlabelled["sha256"]).all())
    return Suggestions(
        chosen,
        count,
        len(table),
        judged_by,
        seen.how,
        notes,
        data.classes,
        data.values,
        read,
        in_dataset,
        found.log if found else None,
    )


def _of_folder(found: Found, data: Dataset, folder: str, notes: list[str], *, to_label: bool) -> "pd.DataFrame":
    """Return which of a folder's images may be suggested.

    Raises:
        BadInput: somebody wants to label them, and none is in the dataset.
    """
    notes += found.notes
    here = found.table["sha256"].isin(data.unlabelled["sha256"])
    outside = ~here & ~found.table["pixels"].isin(data.labelled["pixels"])
    if found.log or not outside.any():
        return found.table
    many = f"{int(outside.sum()):,} of {len(found.table):,} images of {folder} are not in the recipe's dataset"
    how = f"add the folder to its source ({WHERE_THEY_LIE}), run evergreen inspect, and ask again"
    if not to_label:
        notes.append(f"{many}: to label them, {how}")
        return found.table
    if not here.any():
        raise BadInput(f"{many}, so no run would read a label of theirs: {how}. Without --label they are shown")
    notes.append(f"{many}: left out, for no run would read a label of theirs; {how}")
    return found.table[here]


def _left_out(copies: int, labelled: int) -> list[str]:
    notes = []
    if copies:
        have = "image has" if copies == 1 else "images have"
        notes.append(f"{copies:,} {have} the pixels of another one: each picture is asked about once")
    if labelled:
        have = "image has" if labelled == 1 else "images have"
        notes.append(f"{labelled:,} {have} the pixels of one with a label: left out")
    return notes


def _read(store: Store, paths: Mapping[str, Path], digest: str) -> bytes:
    return read_file(paths, digest) if digest in paths else store.read_blob(digest)


def _stacked(one: "pd.DataFrame", other: "pd.DataFrame", columns: list[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.concat([one[columns], other[columns]], ignore_index=True)


@dataclass(frozen=True)
class _Judged:
    """What the model in charge says of images.

    Attributes:
        scores: (N, K) probabilities of those that are usable; None if there is no model.
        usable: (M,) bool, which could be read.
        classes: of the model, in order.
        words: who judges, or why nobody does.
        notes: what could not be read.
    """

    scores: "np.ndarray | None"
    usable: "np.ndarray"
    classes: list[str]
    words: str
    notes: list[str]


def _by_the_model(
    recipe: Recipe, store: Store, data: Dataset, table: "pd.DataFrame", read: Callable[[str], bytes]
) -> _Judged:
    import numpy as np

    from evergreen.judging.calibration import scaled

    everything = np.ones(len(table), bool)
    try:
        meant = model_meant(store, recipe.name, None)
    except BadInput:
        return _Judged(None, everything, data.classes, "no model of the recipe is here", [])
    except StoreError as error:
        return _Judged(None, everything, data.classes, f"the champion cannot be read: {error}", [])
    manifest = store.manifest(meant.model)
    classes = list(manifest.facts["classes"])
    if len(classes) < 2:
        return _Judged(None, everything, data.classes, "the model knows one class", [])
    from evergreen.vision.predict import predict  # late: it is not needed where there is no model

    reads = [partial(_readable, read, digest) for digest in table["sha256"]]
    with TemporaryDirectory(prefix="evergreen-") as name:
        image = Image.model_validate(manifest.facts["image"])
        screen = screen_of(store, meant.model, meant.dataset)
        answers = list(predict(reads, partial(opened_keras, store, meant, Path(name), classes), image, screen=screen))
    usable = np.array([one.scores is not None for one in answers])
    notes = [
        f"{path} cannot be read, and is left out: {one.error}"
        for path, one in zip(table["path"], answers, strict=True)
        if one.scores is None
    ]
    scores = np.array([one.scores for one in answers if one.scores is not None], np.float64).reshape(-1, len(classes))
    temperature = _temperature(store, meant)
    words = f"{called(meant)}, {'as it is' if temperature is None else f'calibrated (temperature {temperature:.2f})'}"
    if set(classes) != set(data.classes):
        notes.append("the model has other classes than the dataset has now: one that is new is suggested for no image")
    if meant.caution:
        notes.append(meant.caution)
    return _Judged(scores if temperature is None else scaled(scores, temperature), usable, classes, words, notes)


def called(meant: Meant) -> str:
    """Return which model judged, in words: the champion, or the newest run's, and of which recipe and run."""
    whose = "the champion" if meant.champion else "the newest run's model"
    return f"{whose} of {meant.recipe}{f' (run {meant.run})' if meant.run else ''}"


def _readable(read: Callable[[str], bytes], digest: str) -> bytes:
    try:
        return read(digest)
    except StoreError as error:
        raise EvergreenError(str(error)) from None


def _temperature(store: Store, meant: Meant) -> float | None:
    """Return what the model's probabilities are calibrated with; None where its evaluation says nothing of it."""
    if meant.evaluation is None:
        return None
    try:
        found = read_json(store, store.manifest(meant.evaluation).ref(), CALIBRATION)
    except StoreError:
        return None
    return float(found["temperature"])
